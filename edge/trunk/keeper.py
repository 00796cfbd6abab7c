"""Keeps what must be known of every trunk: whether it answers, and our registration there."""

from collections.abc import Callable
from dataclasses import replace

from edge.call.ground import Ground
from edge.directory import Trunk, TrunkId
from edge.ident import tag
from edge.requests import Requests
from edge.routing.route import Route
from edge.sip.address import Address
from edge.sip.build import request
from edge.sip.capability import AGENT
from edge.sip.locate import Located
from edge.sip.message import Response
from edge.sip.uri import Uri
from edge.trunk.enrolment import Enrolled, Registered
from edge.trunk.health import Health, Pulse, alive
from edge.trunk.reach import allowed

Report = Callable[[Trunk, str, str, str], None]
"(trunk, `health` or `registration`, what it is now, what to change or empty)."


class TrunkKeeper:
    """Does nothing before `start`."""

    def __init__(
        self,
        ground: Ground,
        requests: Requests,
        report: Report,
        known: Callable[[str, float, float], None],
    ) -> None:
        """Args: known: (address, until, now): a carrier that we registered at may call from there."""
        self._ground = ground
        self._requests = requests
        self._report = report
        self._source_known = known
        self._pulses: dict[TrunkId, Pulse] = {}
        self._enrolled: dict[TrunkId, Enrolled] = {}
        self._known: dict[TrunkId, Trunk] = {}
        self._stopped = False

    def start(self, now: float) -> None:
        """As the directory has it now; call it again when trunks have changed."""
        current = {trunk.id: trunk for trunk in self._ground.directory.all_trunks()}
        for id, known in tuple(self._known.items()):
            trunk = current.get(id)
            if trunk is None or _matters(trunk) != _matters(known):
                self._leave(known, trunk, now)
        for trunk in current.values():
            if trunk.id not in self._known:
                self._begin(trunk, now)

    def stop(self, now: float) -> None:
        """Probe no more, and take our registrations back."""
        self._stopped = True
        for enrolled in self._enrolled.values():
            enrolled.stop(now)

    def health(self, trunk: TrunkId) -> Health:
        pulse = self._pulses.get(trunk)
        return Health.UNKNOWN if pulse is None else pulse.health

    def registration(self, trunk: TrunkId) -> Registered | None:
        """None: we do not register there."""
        enrolled = self._enrolled.get(trunk)
        return None if enrolled is None else enrolled.state

    def registered_at(self, address: str) -> tuple[Trunk, ...]:
        """Trunks that are registered at `address`, whose calls come from there."""
        return tuple(
            [self._known[id] for id, enrolled in self._enrolled.items() if enrolled.address == address]
        )

    def prefer(self, route: Route) -> Route:
        """The route list with trunks that are down at its end, where they are a last hope."""
        if route.trunk_out is None or not route.more_trunks:
            return route
        listed = (route.trunk_out, *route.more_trunks)
        first, *more = sorted(listed, key=lambda trunk: self.health(trunk.id) is Health.DOWN)
        return replace(route, trunk_out=first, more_trunks=tuple(more))

    # Inside.

    def _begin(self, trunk: Trunk, now: float) -> None:
        self._known[trunk.id] = trunk
        if trunk.probing is not None:
            pulse = self._pulses[trunk.id] = Pulse(trunk.probing)
            self._probe(trunk, pulse, now)
        if trunk.enrolment is not None:
            enrolled = Enrolled(
                trunk,
                trunk.enrolment,
                self._ground,
                self._requests,
                self._enrolled_as,
                self._source_known,
            )
            self._enrolled[trunk.id] = enrolled
            enrolled.start(now)

    def _leave(self, trunk: Trunk, instead: Trunk | None, now: float) -> None:
        del self._known[trunk.id]
        self._pulses.pop(trunk.id, None)
        enrolled = self._enrolled.pop(trunk.id, None)
        if enrolled is not None:
            # A binding that the next registration takes over must not be taken back behind it.
            enrolled.stop(now, replaced=instead is not None and _binding(instead) == _binding(trunk))

    def _enrolled_as(self, trunk: Trunk, state: Registered, fix: str) -> None:
        self._report(trunk, "registration", state.name.lower(), fix)

    def _probe(self, trunk: Trunk, pulse: Pulse, now: float) -> None:
        proxy = Uri.parse(trunk.proxy)

        def found(located: Located, at: float) -> None:
            reach = self._ground.reach
            targets = allowed(trunk, located).targets
            flows = (reach.flow_to(t.transport, t.address, t.port, t.name) for t in targets)
            flow = next((flow for flow in flows if flow is not None), None)
            if flow is None:
                beaten(None, at)
                return
            us = Address("", Uri("sip", trunk.username or "tandem", proxy.host))
            options = request(
                "OPTIONS",
                Uri("sip", None, proxy.host, proxy.port),
                from_=us.with_tag(tag(self._ground.random)),
                to=Address("", Uri("sip", None, proxy.host)),
                call_id=f"{self._ground.random(12).hex()}@tandem",
                cseq=1,
                headers=(("User-Agent", AGENT), ("Accept", "application/sdp")),
            )
            self._requests.send(options, flow, beaten, at)

        def beaten(response: Response | None, at: float) -> None:
            if self._stopped or self._pulses.get(trunk.id) is not pulse:
                return
            if pulse.beat(alive(response)):
                self._report(trunk, "health", pulse.health.name.lower(), "")
            again = max(now + pulse.probing.interval, at)
            self._ground.agenda.at(again, lambda when: self._probe(trunk, pulse, when))

        if not self._stopped and self._pulses.get(trunk.id) is pulse:
            self._ground.resolve(proxy, found)


def _matters(trunk: Trunk) -> tuple[object, ...]:
    """What probing and registering depend on."""
    return (trunk.proxy, trunk.username, trunk.password, trunk.realm, trunk.probing, trunk.enrolment)


def _binding(trunk: Trunk) -> tuple[str, str]:
    return (trunk.username, trunk.enrolment.registrar if trunk.enrolment is not None else "")

"""A number on a trunk being rung: its servers are tried one after another, until one of them answers."""

from collections.abc import Collection

from edge.call.call import Call
from edge.call.leg import Leg
from edge.call.refused import rank, refusal_of
from edge.call.ringing import Ringing, Rings
from edge.call.servers import TrunkServers
from edge.directory import Trunk
from edge.error import Refusal
from edge.sip.calling import CallingSession
from edge.sip.locate import Located
from edge.sip.session import Headers
from edge.sip.session_event import Refused
from edge.sip.uri import Uri
from edge.trunk.reach import allowed


class TrunkRinging(Ringing):
    def __init__(
        self,
        call: Call,
        owner: Rings,
        trunk: Trunk,
        number: str,
        *,
        seconds: float,
        caller: str = "",
        headers: Headers = (),
    ) -> None:
        """Args: seconds: of all servers together, from the first INVITE on."""
        super().__init__(call, owner, seconds=seconds, caller=caller, headers=headers)
        self._trunk = trunk
        self._number = number
        self._servers: TrunkServers | None = None
        "None: they are still looked up."

    def start(self, now: float) -> None:
        self._call.resolve(Uri.parse(self._trunk.proxy), self._found)

    def allocated(self, leg: Leg, now: float) -> None:
        if self._alarm is None:
            self._alarm = self._call.alarm(now + self._seconds, self._unanswered)
        self._invite(leg, now)

    def _legs(self) -> Collection[Leg]:
        return () if self.leg is None else (self.leg,)

    def _branch_answered(self) -> None:
        assert self._servers is not None, "one of them has answered"
        self._servers.heard()

    def _branch_refused(self, event: Refused, now: float) -> None:
        assert self._servers is not None, "one of them has refused"
        if self._servers.goes_on(event, now):
            self._next_server(now)
        else:
            self._out(rank(event.status), refusal_of(event, self._trunk), now)

    # Inside.

    def _found(self, located: Located, now: float) -> None:
        if self._over:
            return
        call, trunk = self._call, self._trunk
        located = allowed(trunk, located)
        self._servers = TrunkServers(
            trunk, self._number, located.targets, call.ground, now, self._caller, self._headers
        )
        if self._servers:
            self._next_server(now)
            return
        fix = f"correct proxy of trunk {trunk.name}: {trunk.proxy}"
        text = f"the trunk's proxy cannot be found: {located.why or 'no listener reaches its addresses'}"
        self._owner.refused(self, Refusal("trunk_unreachable", 503, text, fix), now)

    def _next_server(self, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        flow = self._servers.next_flow
        self._forget_early()
        if self.leg is None or (":" in self.leg.address) is not (":" in flow.remote[0]):
            self.leg = self._call.leg_for(flow, self._trunk.audio)
            self._call.add_leg(self.leg)
        else:
            self._invite(self.leg, now)

    def _invite(self, leg: Leg, now: float) -> None:
        assert self._servers is not None, "a trunk has servers"
        call = self._call
        session = self._servers.invite(call, leg.offer(), now)
        self._ring(session, leg, now)
        session.start(now)
        if self._servers:
            call.alarm(now + call.ground.limits.server_timeout, lambda at: self._leave_silent(session, at))

    def _leave_silent(self, session: CallingSession, now: float) -> None:
        if session not in self._ringing or session.heard:
            return
        assert self._servers is not None, "a trunk has servers"
        if self._servers.silent(now):
            self._call.trace.add(now, "call", "server_silent", flow=str(session.flow))
            self._ringing.remove(session)
            session.cancel(now)
            self._next_server(now)

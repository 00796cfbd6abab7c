"""Our registration at a carrier (RFC 3261 §10.2): kept fresh, tried on the next server, then ever later.

::

    resolve ─▶ REGISTER ─ 401 ─▶ with digest ─ 200 ─▶ [most of the interval] ─▶ again
                   │ 423: with its Min-Expires       └ 403, 404 …: refused, tried again late
                   └ no answer, 5xx: the next server; after the last one 30 s … 30 min (RFC 5626 §4.5),
                                     but never before its Retry-After

A server that failed is the last choice for five minutes: waiting for it again at each refresh would let a
brief binding at the next server lapse.
"""

import enum
from collections import deque
from collections.abc import Callable
from typing import Final

from edge.agenda import Alarm
from edge.call.ground import Ground, contact_address
from edge.directory import Enrolment, Trunk
from edge.ident import tag
from edge.requests import Requests
from edge.sip.address import Address
from edge.sip.build import request
from edge.sip.capability import AGENT
from edge.sip.flow import Flow
from edge.sip.grammar import Malformed, delta_seconds
from edge.sip.keyring import ROUNDS, Keyring
from edge.sip.locate import Located
from edge.sip.message import Request, Response
from edge.sip.uri import Uri
from edge.trunk.challenge import remedy
from edge.trunk.reach import allowed

_EARLY: Final = 0.85  # of what was granted
_LONGEST: Final = 86_400
_SHUNNED: Final = 300.0  # after a failure [s]


class Registered(enum.Enum):
    TRYING = "not answered yet"
    REGISTERED = "the carrier sends us its calls"
    REFUSED = "the carrier does not want us"
    UNREACHABLE = "nobody answers, or with 5xx"


class Enrolled:
    """Of one trunk."""

    def __init__(
        self,
        trunk: Trunk,
        terms: Enrolment,
        ground: Ground,
        requests: Requests,
        changed: Callable[[Trunk, Registered, str], None],
        known: Callable[[str, float, float], None],
    ) -> None:
        """
        Args:
            changed: told of each new state, and what to change if it is not a good one (empty: not known).
            known: (address, until, now): calls may come from there.
        """
        self.state = Registered.TRYING
        self.status = 0
        "Of the last answer."
        self._trunk = trunk
        self._ground = ground
        self._requests = requests
        self._changed = changed
        self._known = known
        self._registrar = Uri.parse(terms.registrar)
        self._expires = terms.expires
        self._retry = terms.retry
        self._call_id = f"{ground.random(12).hex()}@tandem"
        self._tag = tag(ground.random)
        self._cseq = 0
        self._keyring = Keyring(trunk.username, trunk.password, ground.random, trunk.realm)
        self._flows: deque[Flow] = deque()
        self._failed: dict[Flow, float] = {}  # when; of the servers that were found last
        self._failures = 0
        self._patience = 0.0  # what the last server wants us to wait [s]
        self._alarm: Alarm | None = None
        self._bound: Flow | None = None  # where the carrier knows us
        self._stopped = False

    def start(self, now: float) -> None:
        """Find the registrar's servers and register at the first that answers."""

        def found(located: Located, at: float) -> None:
            reach = self._ground.reach
            targets = allowed(self._trunk, located).targets
            flows = [reach.flow_to(t.transport, t.address, t.port, t.name) for t in targets]
            known = [flow for flow in flows if flow is not None]
            self._failed = {
                f: when for f, when in self._failed.items() if f in known and at < when + _SHUNNED
            }
            self._flows = deque(sorted(known, key=self._failed.__contains__))
            self._next(at)

        if not self._stopped:
            self._ground.resolve(self._registrar, found)

    def stop(self, now: float, *, replaced: bool = False) -> None:
        """Take the binding back, unless another one of us has its place; nobody waits for the answer."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._bound is not None and not replaced:
            self._register(self._bound, 0, now)

    @property
    def address(self) -> str:
        """Where the carrier knows us; empty: it does not."""
        return "" if self._bound is None else self._bound.remote[0]

    # Inside.

    def _next(self, now: float) -> None:
        if self._flows:
            self._register(self._flows[0], self._expires, now)
        else:
            self._fail(Registered.UNREACHABLE, now)

    def _register(self, flow: Flow, expires: int, now: float, rounds: int = 1) -> None:
        """Args: rounds: how often, this time included: a proxy on the way may want a proof, too (§22.3)."""
        self._cseq += 1
        username = self._trunk.username
        host = self._registrar
        aor = Address("", Uri("sip", username, host.host))
        message = request(
            "REGISTER",
            Uri("sip", None, host.host, host.port),
            from_=aor.with_tag(self._tag),
            to=aor,
            call_id=self._call_id,
            cseq=self._cseq,
            contact=contact_address(self._ground.reach, flow, username),
            headers=(("Expires", str(expires)), ("User-Agent", AGENT)),
        )

        def answered(response: Response | None, at: float) -> None:
            self._answered(response, message, flow, expires, rounds, at)

        self._keyring.prove(message)
        self._requests.send(message, flow, answered, now)

    def _answered(
        self,
        response: Response | None,
        message: Request,
        flow: Flow,
        expires: int,
        rounds: int,
        now: float,
    ) -> None:
        self.status = 0 if response is None else response.status
        if response is not None and rounds < ROUNDS and self._keyring.learn(message, response):
            self._register(flow, expires, now, rounds + 1)
            return
        if self._stopped:
            return
        self._patience = 0.0 if response is None else response.retry_after or 0.0
        if response is None or self.status == 408 or 500 <= self.status < 600:
            self._failed[flow] = now
            if self._flows:
                self._flows.popleft()
            self._next(now)
        elif self.status < 300:
            self._failures = 0
            self._bound = flow
            self._become(Registered.REGISTERED)
            granted = _granted(response, contact_address(self._ground.reach, flow, self._trunk.username))
            self._known(flow.remote[0], now + (granted or expires), now)
            self._again(now + max((granted or expires) * _EARLY, 5.0))
        elif self.status == 423 and (least := _min_expires(response)) > self._expires:
            self._expires = least
            self._register(flow, least, now)
        else:
            self._fail(Registered.REFUSED, now, remedy(self._trunk, response))

    def _fail(self, state: Registered, now: float, fix: str = "") -> None:
        self._become(state, fix)
        self._bound = None
        least, most = self._retry
        wait = min(least * 2.0**self._failures, most)
        self._failures = min(self._failures + 1, 16)
        chance = int.from_bytes(self._ground.random(2), "big") / 65_536
        self._again(now + max(wait * (0.5 + chance / 2), min(self._patience, most)))

    def _become(self, state: Registered, fix: str = "") -> None:
        if state is not self.state:
            self.state = state
            self._changed(self._trunk, state, fix)

    def _again(self, at: float) -> None:
        self._alarm = self._ground.agenda.at(at, self.start)


def _granted(response: Response, ours: Address) -> int | None:
    """How long our binding holds (§10.2.4) [s]: our Contact's `expires`, else Expires.

    A carrier that repairs addresses behind NAT returns another than ours: the user part is ours alone.
    """
    try:
        contacts = response.contacts
    except Malformed:
        contacts = ()
    own = [contact for contact in contacts if contact.uri.user == ours.uri.user]
    exact = [contact for contact in own if contact.uri.address == ours.uri.address]
    for contact in exact or own:
        seconds = delta_seconds(contact.param("expires") or "")
        if seconds is not None:
            return min(seconds, _LONGEST)
    return None if response.expires is None else min(response.expires, _LONGEST)


def _min_expires(response: Response) -> int:
    seconds = delta_seconds((response.headers.get("Min-Expires") or "").strip())
    return 0 if seconds is None else min(seconds, _LONGEST)

"""Who gets in when more comes than we can carry (RFC 3261 §21.5.4), decided before anything is parsed.

::

    bytes ── sort ──▶ goes on, and is charged by `charge` once it is known what it was
                └───▶ crowded: a glance ─▶ 503 with Retry-After; no transaction, no trace, no row
                                      └──▶ REGISTER: waits ── release ──▶ goes on, within seconds

Turned away first are new dialogs and strangers' requests without credentials, then those with credentials.
Registrations wait for the room that calls leave, and have a part of it whatever calls do; where more wait
than can be served in time, those that phones here refresh are turned away last of all. Requests inside a
dialog, ACK, CANCEL, BYE, responses, copies of what was let in, and the second round of what was challenged,
for which room was kept, always pass.
While what is read has waited too long already, no room comes back, so that we catch up; what was free before
a stall is enough for those who came in it.
While live audio fills a core only new calls are turned away, all of them; whatever else passes.
Copies of what was turned away get the same answer even when there is room again: whoever has heard a 503
is no longer there for a 200.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from edge.overload.capacity import BEHIND, Capacity
from edge.overload.glance import Glance, glance
from edge.overload.recent import Recent
from edge.overload.waiting import Waiting
from edge.sip.flow import Flow, Received

WEIGHTS: Final = {"INVITE": 1.0, "REGISTER": 0.15, "SUBSCRIBE": 0.3, "MESSAGE": 0.3, "OPTIONS": 0.1}
"What a request costs, measured in calls."
CHALLENGED: Final = 0.15
"What an INVITE costs that ends in a challenge or a refusal at the door."
_REGISTRATION: Final = 2 * WEIGHTS["REGISTER"]  # its challenge, and its second round

_BURST: Final = 0.2  # of a second's calls may come at once
_SPARED: Final = 0.25  # of the burst, for those who bring credentials
_DEBT: Final = 1.0  # so many seconds' calls in arrears, and refreshed registrations are turned away, too
_LEFT: Final = 0.5  # of the burst stays for calls when registrations that wait go on…
_OWED: Final = 0.25  # …which have so much of the rate at the least
_PATIENCE: Final = 16.0  # nobody waits who would have to for longer with no more than that [s]
_RELEASE: Final = 0.01  # between two times that some of them go on [s]…
_TOGETHER: Final = 64  # …so many at a time: the audio's tick must get its turn
_OTHER: Final = 0.1
_BY_START: Final = {method[:4].encode(): cost for method, cost in WEIGHTS.items()}
_COPIES: Final = 32.0  # so long a phone may send the same again: timer B [s]
_PASS: Final = frozenset((b"SIP/", b"BYE ", b"CANC", b"PRAC"))
_WAITS: Final = range(2, 10)
_CROWDED: Final = b"overloaded: more calls come than this node can carry"
_FULL: Final = b"full: the sound of live calls takes all of this node"


Turned = tuple[bytes, Flow]
"The answer, empty where none is deserved, and its way."


class Turnstile:
    def __init__(
        self,
        capacity: Capacity,
        *,
        tag: str,
        holds: Callable[[str, str], bool],
        registered: Callable[[str, float], bool],
        welcome: Callable[[str, str, float], bool],
        waited: Callable[[], float],
        kept: int,
        waiting: int,
    ) -> None:
        """
        Args:
            tag: begins the To tag of every refusal; nothing else holds it.
            holds: whether (identity, method) is of a transaction that was let in.
            registered: whether a phone is registered from (address, now).
            welcome: whether (address, user agent, now) is no flood and no scanner.
            waited: how long what is read now has waited [s].
            kept: refusals and challenges that are remembered, at most.
            waiting: registrations that wait for room, at most.
        """
        self._capacity = capacity
        self._tag = tag.encode()
        self._holds = holds
        self._registered = registered
        self._welcome = welcome
        self._waited = waited
        self._refusals = Recent[bytes](_COPIES, kept)  # by the hash of the datagram: copies are equal
        self._challenged = Recent[float](_COPIES, kept)  # by the hash of the Call-ID: the room that is kept
        self.waiting = Waiting(waiting)
        self._owed = 0.0  # to those that wait [calls]
        self._released = 0.0  # when [s]
        self._level = _BURST * capacity.rate
        self._filled = 0.0  # when [s]
        self._admitted = 0.0
        self._passing = 0.0  # of the batch in hand, and not charged yet
        self._passed: set[int] = set()  # the same, by the hash of the datagram
        self.shed: Counter[str] = Counter()
        "Requests turned away, by method; copies are not counted."

    def sort(self, batch: Sequence[Received], now: float) -> tuple[Sequence[Received], list[Turned]]:
        """Messages that were read together: those that go on, and what the others are answered."""
        self._passing = 0.0
        self._passed.clear()
        turned: list[Turned] = []
        passed: list[Received] = []
        for received in batch:
            answer = self._judge(*received, now)
            if answer is None:
                passed.append(received)
            else:
                turned.append(answer)
        return passed, turned

    def _judge(self, data: bytes, flow: Flow, now: float) -> Turned | None:
        """None: the message goes on."""
        kind = data[:4]
        if kind == b"ACK ":
            return (b"", flow) if self._tag in data else None  # of a refusal of ours
        if kind in _PASS:
            return None
        if self.waiting.holds(data):
            return b"", flow
        if self._refusals and (known := self._refusals.get(hash(data), now)) is not None:
            return known, flow
        if self._capacity.full and kind == b"INVI":
            seen = self._new(data, flow)
            if seen is not None and self._challenged.get(hash(seen.call_id), now) is None:
                return self._refuse(seen, data, flow, now, _FULL)
        if not self._capacity.holds:
            return None
        burst = self._refill(now)
        level = self._level - self._passing
        if level < _SPARED * burst:
            seen = self._new(data, flow)
            if seen is None:
                return None
            if seen.method == "REGISTER" and self._waits(seen, data, flow, now):
                return b"", flow
            if not self._goes_before(seen, flow, level, now):
                return self._refuse(seen, data, flow, now, _CROWDED)
        self._passing += _BY_START.get(kind, _OTHER)
        self._passed.add(hash(data))
        return None

    def release(self, now: float) -> list[Received]:
        """Registrations that have waited, and for which there is room now."""
        if not self.waiting:
            return []
        elapsed, self._released = min(now - self._released, 1.0), now
        if not self._capacity.holds:
            return self.waiting.take(_TOGETHER)
        burst = self._refill(now)
        self._owed += _OWED * self._capacity.rate * elapsed
        count = min(_TOGETHER, int(max(self._owed, self._level - _LEFT * burst) / _REGISTRATION))
        taken = self.waiting.take(count)
        self._owed = max(0.0, self._owed - len(taken) * _REGISTRATION) if self.waiting else 0.0
        return taken

    def next_timer_at(self) -> float | None:
        """When `release` is to be called."""
        return self._released + _RELEASE if self.waiting else None

    def charge(self, cost: float, call_id: str = "") -> None:
        """Something new was let in. Args: call_id: of the second round of what was challenged."""
        self._admitted += cost
        if self._capacity.holds:
            self._level -= cost - (self._challenged.pop(_named(call_id)) or 0.0)

    def challenged(self, call_id: str, cost: float, now: float) -> None:
        """Whoever asked with this Call-ID will ask again with credentials: keep room for `cost`."""
        self._challenged.put(_named(call_id), cost, now)
        if self._capacity.holds:
            self._level -= cost

    @property
    def full(self) -> bool:
        """Live audio leaves no room for a new call."""
        return self._capacity.full

    @property
    def admitted(self) -> float:
        """What was charged so far [calls]."""
        return self._admitted

    @property
    def refused(self) -> int:
        """Requests turned away so far."""
        return sum(self.shed.values())

    def _refill(self, now: float) -> float:
        """What came free since the last time; how much may be at the most."""
        rate = self._capacity.rate
        burst = max(2.0, _BURST * rate)
        if self._waited() <= BEHIND:
            self._level = min(burst, self._level + (now - self._filled) * rate)
        self._filled = now
        return burst

    def _waits(self, seen: Glance, data: bytes, flow: Flow, now: float) -> bool:
        """A new registration; the second round of one goes on at once."""
        if self._challenged.get(hash(seen.call_id), now) is not None:
            return False
        if not self._welcome(flow.remote[0], seen.agent, now):
            return False
        room = _PATIENCE * _OWED * self._capacity.rate / _REGISTRATION
        if not self.waiting:
            self._released = now
        return self.waiting.put(data, flow, room, known=self._registered(flow.remote[0], now))

    def _goes_before(self, seen: Glance, flow: Flow, level: float, now: float) -> bool:
        """Whether it goes on although others are turned away."""
        if seen.proven and (level > 0.0 or self._challenged.get(hash(seen.call_id), now) is not None):
            return True
        refreshes = seen.method == "REGISTER" and self._registered(flow.remote[0], now)
        return refreshes and level > -_DEBT * self._capacity.rate

    def _new(self, data: bytes, flow: Flow) -> Glance | None:
        """What begins something; None: inside a dialog, a copy of what was let in, not read at a glance."""
        seen = glance(data, flow)
        if seen is None or seen.inside or hash(data) in self._passed:
            return None
        return None if self._holds(seen.identity, seen.method) else seen

    def _refuse(self, seen: Glance, data: bytes, flow: Flow, now: float, why: bytes) -> Turned | None:
        if not self._welcome(flow.remote[0], seen.agent, now):
            return b"", flow
        # Spread out, so that they do not all come back together.
        wait = _WAITS[hash(seen.call_id) % len(_WAITS)]
        headers = b'Warning: 399 tandem "%s"\r\nRetry-After: %d\r\n' % (why, wait)
        turned = seen.answer(b"503 Service Unavailable", headers, self._tag)
        if turned is not None:
            self.shed[seen.method if seen.method in WEIGHTS else "other"] += 1
            if turned[1] is flow and not flow.reliable:
                self._refusals.put(hash(data), turned[0], now)
        return turned


def _named(call_id: str) -> int:
    return hash(call_id.encode("utf-8", "surrogateescape"))


def weight(method: str) -> float:
    """What a new request of this method costs, measured in calls."""
    return WEIGHTS.get(method, _OTHER)

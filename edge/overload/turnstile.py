"""Who gets in when more comes than we can carry (RFC 3261 §21.5.4), decided before anything is parsed.

::

    bytes ── admits ──▶ room: goes on, and is charged by `charge` once it is known what it was
                  └──▶ crowded: a glance ─▶ 503 with Retry-After, without a transaction, a trace or a row

Turned away first are new dialogs and strangers' requests without credentials, then those with credentials,
which have cost us a challenge already; last of all, registrations that phones here refresh. Requests inside a
dialog, ACK, CANCEL, BYE, responses, and copies of what was let in always pass.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from edge.overload.capacity import Capacity
from edge.overload.glance import Glance, answer, glance
from edge.sip.effect import Send
from edge.sip.flow import Flow
from edge.sip.via import Via

WEIGHTS: Final = {"INVITE": 1.0, "REGISTER": 0.15, "SUBSCRIBE": 0.3, "MESSAGE": 0.3, "OPTIONS": 0.1}
"What a request costs, measured in calls."
CHALLENGED: Final = 0.15
"What an INVITE costs that ends in a challenge or a refusal at the door."

_BURST: Final = 0.2  # of a second's calls may come at once
_SPARED: Final = 0.25  # of the burst, for those who bring credentials
_DEBT: Final = 1.0  # so many seconds' calls in arrears, and refreshed registrations are turned away, too
_OTHER: Final = 0.1
_REASON: Final = b'Warning: 399 tandem "overloaded: more calls come than this node can carry"\r\n'


class Turnstile:
    def __init__(
        self,
        capacity: Capacity,
        *,
        tag: str,
        holds: Callable[[Via, str], bool],
        registered: Callable[[str, float], bool],
        welcome: Callable[[str, str, float], bool],
        send: Callable[[Send], None],
    ) -> None:
        """
        Args:
            tag: begins the To tag of every refusal; nothing else holds it.
            holds: whether (via, method) belongs to a transaction that was let in.
            registered: whether a phone is registered from (address, now).
            welcome: whether (address, user agent, now) is no flood and no scanner.
        """
        self._capacity = capacity
        self._tag = tag.encode()
        self._holds = holds
        self._registered = registered
        self._welcome = welcome
        self._send = send
        self._level = _BURST * capacity.rate
        self._filled = 0.0  # when [s]
        self._admitted = 0.0
        self.shed: Counter[str] = Counter()
        "Requests turned away, by method."

    def admits(self, data: bytes, flow: Flow, now: float) -> bool:
        """Whether this message goes on; if not, it has been answered, or deserves no answer."""
        if data[:4] == b"ACK " and self._tag in data:
            return False  # of a refusal of ours
        if not self._capacity.holds:
            return True
        rate = self._capacity.rate
        burst = max(2.0, _BURST * rate)
        self._level = min(burst, self._level + (now - self._filled) * rate)
        self._filled = now
        if self._level >= _SPARED * burst:
            return True
        if data[:4] in (b"SIP/", b"ACK ", b"BYE ", b"CANC", b"PRAC"):
            return True
        seen = glance(data)
        if seen is None or seen.inside or self._holds(seen.via, seen.method):
            return True
        if seen.proven and self._level > 0.0:
            return True
        address = flow.remote[0]
        if seen.method == "REGISTER" and self._level > -_DEBT * rate and self._registered(address, now):
            return True
        if self._welcome(address, seen.agent, now):
            self._refuse(seen, flow)
        return False

    def charge(self, cost: float) -> None:
        """Something new was let in."""
        self._admitted += cost
        if self._capacity.holds:
            self._level -= cost

    @property
    def admitted(self) -> float:
        """What was charged so far [calls]."""
        return self._admitted

    @property
    def refused(self) -> int:
        """Requests turned away so far."""
        return sum(self.shed.values())

    def _refuse(self, seen: Glance, flow: Flow) -> None:
        self.shed[seen.method if seen.method in WEIGHTS else "other"] += 1
        # Spread out, so that they do not all come back together.
        wait = 2 + hash(seen.copied) % 8
        headers = b"%sRetry-After: %d\r\n" % (_REASON, wait)
        data, way = answer(seen, b"503 Service Unavailable", headers, self._tag, flow)
        self._send(Send(data, way, None))


def weight(method: str) -> float:
    """What a new request of this method costs, measured in calls."""
    return WEIGHTS.get(method, _OTHER)

"""Keys that one peer is told of by INFO, one after another (RFC 6086 §2: legacy usage).

::

    DigitDue ─▶ waiting ─ INFO ─▶ 2xx: the next
                             └──▶ refused: this one and all later ones as tones

The next leaves once the one before is answered, as two by UDP might overtake each other, and the later CSeq
would have the earlier one refused (RFC 3261 §12.2.2).
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from edge.sip.capability import KEY, KEY_RELAY, takes_short
from edge.sip.message import Response
from media.port import DigitDue, SendDigits

if TYPE_CHECKING:
    from edge.call.call import Call
    from edge.call.leg import Leg

_SIGNALS: Final = {"!": "16"}
_NUMBERS: Final = {"*": "10", "#": "11", "A": "12", "B": "13", "C": "14", "D": "15", "!": "16"}


class Keypad:
    def __init__(self) -> None:
        self._waiting: deque[DigitDue] = deque()
        self._under_way = False
        self._refused = False
        self._short: bool | None = None
        "None: as the peer has said."

    def press(self, call: "Call", leg: "Leg", due: DigitDue, now: float) -> None:
        if self._refused:
            self._sound(call, due)
        elif len(self._waiting) < call.ground.limits.keys_waiting:
            self._waiting.append(due)
            self._next(call, leg, now)

    def _next(self, call: "Call", leg: "Leg", now: float) -> None:
        if self._under_way or not self._waiting:
            return
        session = leg.session
        if session is not None:
            short = session.info.short if self._short is None else self._short
            kind, body = written(self._waiting[0], short=short)

            def answered(response: Response | None, now: float) -> None:
                self._answered(call, leg, response, now)

            self._under_way = session.inform(kind, body, now, answered)
        if not self._under_way:  # no dialog yet, or no longer
            self._waiting.clear()

    def _answered(self, call: "Call", leg: "Leg", response: Response | None, now: float) -> None:
        self._under_way = False
        if response is not None and response.status == 415 and self._short is None and takes_short(response):
            self._short = True
        elif response is not None and response.status < 300:
            self._waiting.popleft()
        else:
            status = 408 if response is None else response.status
            call.trace.add(now, "call", "info_refused", status=status, fix="set dtmf of its user or trunk")
            self._refused = True
            while self._waiting:
                due = self._waiting.popleft()
                if response is not None:  # else it is long ago
                    self._sound(call, due)
        self._next(call, leg, now)

    def _sound(self, call: "Call", due: DigitDue) -> None:
        call.ground.media(SendDigits(due.leg, due.digit, due.duration_ms, tones=True))


def written(due: DigitDue, *, short: bool) -> tuple[str, bytes]:
    """Content type and body."""
    if short:
        return KEY, _NUMBERS.get(due.digit, due.digit).encode()
    signal = _SIGNALS.get(due.digit, due.digit)
    return KEY_RELAY, f"Signal={signal}\r\nDuration={due.duration_ms}\r\n".encode()

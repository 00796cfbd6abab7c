"""How many calls a second this process can take on: measured at the start and ever after.

::

    observe(period) ─▶ cost of a call, free share of the loop ─▶ capacity ─▶ rate, SHARE of it
                   └─▶ messages wait ─▶ the rate holds, until nobody was turned away for `CALM`

Capacity is what was taken on, and what the idle rest of the loop would carry at the present cost of a call.
So audio, HTTP and everything else on the loop count without being asked, and the rate settles where the loop
is busy for `SHARE` of the time, refusals aside. A call costs less, though, the more of them come together, so
what idle time would carry is guessed low: while the rate holds it is scaled by what is seen. Where calls are
turned away and nothing waits, it goes up, to all that was measured; where messages wait, it comes down, by
half at most: others may have the core, and then few wait as long as many. A wait that is left from before it
held says nothing of it, for `CALM` at the most. A rate that is configured always holds.

A rate is no help where live audio alone fills a core: calls stay. From `full` on no new one is taken, since
it would spoil the sound of all others, until some have ended and `ROOM` is there.
"""

import math
from typing import Final

from config.value import dataclass

PERIOD: Final = 0.2
"Between two observations [s]."
SHARE: Final = 0.8
"Of the capacity that is used at first; the rest suffices to turn four times as many away."
LATE: Final = 0.2
"Messages that wait longer than this are too many [s]; a phone sends again what stays unanswered for 0.5 s."
BEHIND: Final = 0.1
"""While messages wait longer than this, no room for new calls comes back where the rate holds, and it holds
at once where more calls were taken on than it is [s]."""
CALM: Final = 2.0
"So long without anybody turned away, and the door stands open again [s]."
ROOM: Final = 0.05
"So much less than a full core is taken by live audio, and new calls are taken on again."
LEAST: Final = 10.0
"Calls a second that are always taken on."

_GAIN: Final = 0.2
_LEARN: Final = 0.05  # of the period spent on signalling; less says little of what a call costs
_QUEUED: Final = 0.06  # longer waits lower a rate that holds [s]: calls that wait are up, and cost audio
_PROMPT: Final = 0.02  # while none is longer, a rate that holds goes up [s]
_CUT, _BACK, _MORE = 0.96, 0.04, 0.01  # of the scale, each period
_DEEPEST, _HIGHEST = 0.5, 1 / SHARE
_REFUSAL: Final = 0.06  # of a call: what it costs to turn one away, and to hear the ACK
_MOST: Final = 0.5  # of what the loop does; from there on the rest is signalling's, too
_BOUND: Final = 5.0  # a cost so many times the first one, or its part, is a measuring fault


@dataclass(frozen=True, slots=True)
class Period:
    """What the daemon saw since the last one."""

    seconds: float
    admitted: float
    "Calls, other requests as parts of one."
    refused: int
    "Requests turned away."
    worked: float
    "Spent on signalling, refusals aside [s]."
    busy: float
    "Share of the time in which the loop had something to do, 0 to 1."
    waited: float
    "How long the message in hand has waited at the socket, or how late the loop was [s]."
    audio: float = 0.0
    "Share of a core that live audio takes: of our own, or of the freest worker's."


class Capacity:
    def __init__(self, cost: float, configured: float | None = None, full: float | None = None) -> None:
        """
        Args:
            cost: of one call, as far as a start can tell [s].
            configured: calls a second; None: as many as are measured.
            full: share of a core taken by live audio, at which no new call is; None: each is.
        """
        self._first = self._cost = cost
        self._configured = configured
        self._full = math.inf if full is None else full
        self._scale = 1.0
        self._late = 0.0
        self._backlog = 0.0  # so long a wait may still be one from before the rate held [s]
        self._calm = 0.0
        self.audio = 0.0
        "Share of a core that live audio takes."
        self.full = False
        "Whether live audio leaves no room for a new call."
        self.measured = 1.0 / cost
        "Calls a second that would keep the loop busy all the time."
        self.holds = configured is not None
        "Whether more than `rate` are turned away now."

    @property
    def rate(self) -> float:
        """Calls a second that are taken on."""
        return self._configured or max(LEAST, SHARE * self._scale * self.measured)

    def observe(self, period: Period) -> None:
        seconds, admitted = period.seconds, period.admitted
        refusing = period.refused * _REFUSAL * self._cost
        if admitted >= 1.0 and period.worked >= _LEARN * seconds:
            cost = min(
                max(self._spent(period, refusing) / admitted, self._first / _BOUND), self._first * _BOUND
            )
            self._cost += _GAIN * (cost - self._cost)
        self._late += 0.5 * (period.waited - self._late)
        crowded = admitted / seconds > self.rate and period.waited > BEHIND
        late = self._late > LATE or crowded
        self._scale_by_waits(seconds, period.refused)
        self.audio += 0.5 * (period.audio - self.audio)
        self.full = self.audio > self._full - (ROOM if self.full else 0.0)
        idle = min(1.0, 1.0 - period.busy + refusing / seconds)
        self.measured += _GAIN * (admitted / seconds + idle / self._cost - self.measured)
        self._calm = 0.0 if late or period.refused else self._calm + seconds
        if self._configured is None:
            held, self.holds = self.holds, late or (self.holds and self._calm < CALM)
            if self.holds and not held:
                self._backlog = CALM

    def _scale_by_waits(self, seconds: float, refused: int) -> None:
        if self._late > _QUEUED and self._backlog > 0.0:
            self._backlog -= seconds
            return
        if self._late > _QUEUED:
            if self.holds:
                self._scale = max(_DEEPEST, self._scale * _CUT)
            return
        self._backlog = 0.0
        if self._scale < 1.0 or not self.holds:
            self._scale = min(1.0, self._scale + _BACK)
        elif refused and self._late <= _PROMPT:
            self._scale = min(_HIGHEST, self._scale + _MORE)

    def _spent(self, period: Period, refusing: float) -> float:
        """On signalling, with what the loop does around it where it does little else [s].

        HTTP that is beside it, and counted so, only makes idle time seem less: what a full loop carries is
        what it takes on, whatever the cost.
        """
        rest = (period.busy - period.audio) * period.seconds - refusing
        return max(period.worked, rest) if period.worked >= _MOST * rest else period.worked

"""What a sender at real time is behind, to be won back where nobody hears it.

When an agent, the way to it, or we stand still for a while, what it says comes late and all at once, and
everything after it waits behind that. Who sends sentences at once is as far behind, and meant to be. The two
differ in what their queues do: over `REVIEW` that of a sender at real time stays as long as it is, give or
take `PACED`. What it never fell below was needed for nothing, and may be left out: quiet frames, no two in a
row, so that pauses become shorter by half at most. The last `CAUTION` of them go one in a review, since a
sender that stutters may need them next.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
REVIEW: Final = 2.0
"[s] over which a sender's shortest and longest queue are compared."
PACED: Final = 10
"A queue that changes by fewer frames than this comes from a sender at real time."
CAUTION: Final = 3
_NEVER: Final = 1 << 62


class Backlog:
    """Those of all slots; queues are in samples. Args: frame: samples of one."""

    def __init__(self, slots: int, frame: int) -> None:
        self._frame = frame
        self._low = np.full(slots, _NEVER, np.int64)
        self._high = np.zeros(slots, np.int64)
        self._due = np.full(slots, np.inf)
        self.spare = [0] * slots
        "Frames that may be left out."

    def reset(self, slot: int, now: float) -> None:
        self._low[slot], self._high[slot] = _NEVER, 0
        self._due[slot] = now + REVIEW
        self.spare[slot] = 0

    def excuse(self, slot: int) -> None:
        """Playout pauses: until the next review the queue tells nothing of its sender."""
        self._high[slot] = _NEVER
        self.spare[slot] = 0

    def leave_out(self, slot: int) -> None:
        """One quiet frame was; that is no change of the queue which its sender made."""
        self.spare[slot] -= 1
        self._low[slot] -= self._frame
        self._high[slot] -= self._frame

    def watch(self, rows: Rows, queued: NDArray[np.int64], now: float) -> list[int]:
        """Look at queues once a frame; returns slots whose review is due."""
        self._low[rows] = np.minimum(self._low[rows], queued)
        self._high[rows] = np.maximum(self._high[rows], queued)
        due = self._due[rows] <= now
        return rows[due].tolist() if due.any() else []

    def judge(self, slot: int, now: float, *, playing: bool) -> int:
        """Begin the next review; returns frames that may be left out in it."""
        low, high = int(self._low[slot]), int(self._high[slot])
        paced = playing and high - low < PACED * self._frame
        self.reset(slot, now)
        spare = low // self._frame if paced else 0
        self.spare[slot] = max(spare - CAUTION, min(spare, 1))
        return self.spare[slot]

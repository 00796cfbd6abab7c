"""When a queue that ran dry plays again: at once, or with a frame or two ahead for a sender that stutters.

A queue that runs dry again inside an utterance waits for 2, then 3 frames; a sender that stuttered begins its
next utterances with that margin, until it has gone `FORGET` without a gap.
"""

from typing import Final

import numpy as np

from media.agent.backlog import PACED, REVIEW

SAME_UTTERANCE: Final = 0.5
"A gap shorter than this [s] was starvation, a longer one a pause of the agent."
MARGIN: Final = 3
"Frames that a jittery sender must have ahead, at most, the one that is played among them."
FORGET: Final = 30.0
"[s] without a gap after which a sender needs one frame of margin less."


class Margins:
    """Those of all slots. Times are monotonic seconds, sizes frames."""

    def __init__(self, slots: int) -> None:
        self.waited = [0] * slots
        "Ticks that a queue has been held."
        self.start = [1] * slots
        "To begin an utterance."
        self._piece = [1] * slots  # the latest piece, at least one
        self._need = [1] * slots  # to play again inside an utterance
        self._dry_at = [-np.inf] * slots
        self._gap_at = [-np.inf] * slots

    def reset(self, slot: int) -> None:
        self.waited[slot] = 0
        self.start[slot] = self._need[slot] = self._piece[slot] = 1
        self._dry_at[slot] = self._gap_at[slot] = -np.inf

    def arrived(self, slot: int, frames: int) -> None:
        self._piece[slot] = frames or 1

    def drop(self, slot: int) -> None:
        """The queue was cleared."""
        self.waited[slot] = 0
        self._need[slot] = 1

    def excuse(self, slot: int) -> None:
        """The silence that is heard is an end, or intended: no gap."""
        self._dry_at[slot] = -np.inf

    def waits(self, slot: int, waiting: int, now: float) -> bool:
        """Whether a silent queue of `waiting` frames must grow, or a tick pass, before it plays."""
        same = now - self._dry_at[slot] <= SAME_UTTERANCE
        margin = (self._need[slot] if same else self.start[slot]) - 1
        piece = self._piece[slot]
        return self.waited[slot] < margin and piece < PACED and waiting < piece + margin

    def turn_over(self, slot: int, playing: bool, now: float) -> bool:
        """The slot ran dry, or plays again; True: that was a gap inside an utterance."""
        since_gap = now - self._gap_at[slot]
        if not playing:
            self._dry_at[slot] = now
            self._need[slot] = min(self._need[slot] + 1, MARGIN) if since_gap < REVIEW else 1
        elif now - self._dry_at[slot] <= SAME_UTTERANCE:
            self.start[slot] = min(self.start[slot] + 1, MARGIN)
            self._gap_at[slot] = now
            return True
        elif since_gap > FORGET and self.start[slot] > 1:
            self.start[slot] -= 1
            self._gap_at[slot] = now
        return False

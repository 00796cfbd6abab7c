"""In which of the phase groups a leg is polled, by the moment at which its packets come.

::

    polls    0 ─ nothing    1 ─ a packet    2 ─ from now on polled and played here
                     it came between the two: it waits 5 to 10 ms, and may come 4 ms late

Until a packet has told, a leg is polled in every tick. Only a packet before which the socket was found empty
one tick earlier tells: what has piled up while the engine stood still is found at any time.
"""

from collections.abc import Callable
from math import ceil
from typing import Final

import numpy as np

from media.columns import LegColumns
from media.frame import GROUPS, TICK_SECONDS, Rows

AGREEING: Final = 5
"Packets in a row that have to speak against a leg's group before it is moved."
PUNCTUAL: Final = 0.001
"A tick that is later by more [s] finds packets that came while it was late, and says nothing of their phase."
PATIENCE: Final = 25
"Packets of a leg in a row that say nothing of its phase, until it is settled without better knowledge."


class Phases:
    """The groups of all legs, by slot."""

    def __init__(self, slots: int, columns: LegColumns, changed: Callable[[], None]) -> None:
        self._columns = columns
        self._changed = changed
        self.unaligned = 0
        "Connected legs whose group no packet has chosen."
        self.guessed = np.zeros(slots, np.bool_)
        "Aligned by patience, not by a packet that told."
        self._settled = [False] * slots
        "Whether the leg's group was chosen by a packet at least once."
        self._against = [0] * slots
        "Packets in a row that spoke against the leg's group."
        self._unsure = [0] * slots
        "Packets in a row that told nothing."

    def begin(self, slot: int) -> None:
        """A leg has been connected."""
        columns = self._columns
        self._settled[slot] = self.guessed[slot] = False
        self._against[slot] = self._unsure[slot] = 0
        columns.group[slot] = slot % GROUPS
        columns.eager[slot] = True
        self.unaligned += 1

    def end(self, slot: int) -> None:
        """It goes."""
        self.unaligned -= not self._columns.aligned[slot]

    def align(self, slot: int, group: int, late: float, *, sole: bool) -> bool:
        """A packet was found in `group`: poll the leg one tick later from now on; whether that is new.

        Args:
            late: the tick began so much later than it was due [s].
            sole: one tick ago there was none.
        """
        columns = self._columns
        if not columns.eager[slot]:
            # Found by one poll in 20 ms, it says too little: the next one decides.
            columns.eager[slot] = True
            self._changed()
            return False
        if late > PUNCTUAL or not sole:
            return self._guess(slot, group, late, sole)
        # One tick more than asked for is let be, so that a leg on the edge does not go to and fro.
        well = 0 < (int(columns.group[slot]) - group) % GROUPS <= (1 if self.guessed[slot] else 2)
        if self._settled[slot] and not well and self._against[slot] + 1 < AGREEING:
            self._against[slot] += 1
            return False
        moves = not (self._settled[slot] and well)
        self._settle(slot)
        if moves:
            columns.group[slot] = (group + 1) % GROUPS
            self._changed()
        return moves

    def trust(self, slot: int) -> None:
        """The group of a leg stays as it is, if a packet ever chose it."""
        if self._settled[slot] and self._columns.connected[slot] and not self._columns.aligned[slot]:
            self._settle(slot, guessed=bool(self.guessed[slot]))
            self._changed()

    def doubt(self, slots: Rows) -> None:
        """Let the next packets of these aligned legs tell whether their group is still right.

        To move costs a frame, so several have to agree: one late packet, or tick, moves nobody. The
        peer's clock is not ours: at 200 ppm its packets pass through all groups in 100 s.
        """
        self._columns.aligned[slots] = False
        self._columns.eager[slots] = True
        self.unaligned += len(slots)
        self._changed()

    def _guess(self, slot: int, group: int, late: float, sole: bool) -> bool:
        """Take a packet that a late tick has found for the latest that it can be, until others tell more."""
        self._unsure[slot] += 1
        if sole and not self._settled[slot] and self._unsure[slot] == 1:
            latest = group + ceil((late - PUNCTUAL) / TICK_SECONDS)
            self._columns.group[slot] = (latest + 1) % GROUPS
            self._changed()
        if self._unsure[slot] < PATIENCE:
            return False
        first = not self._settled[slot]
        self._settle(slot, guessed=first or bool(self.guessed[slot]))
        return first

    def _settle(self, slot: int, *, guessed: bool = False) -> None:
        self._settled[slot] = True
        self.guessed[slot] = guessed
        self._against[slot] = self._unsure[slot] = 0
        self._columns.aligned[slot] = True
        self.unaligned -= 1

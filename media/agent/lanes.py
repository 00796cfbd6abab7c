"""Which lane each slot's agent hears and speaks by, as columns; lanes are made as encodings come."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.agent.contract import Encoding
from media.agent.lane import Lane, Pcm, Rows, Ulaw

NOBODY: Final = -1
"In the columns: no agent listens, or may be heard."


class Lanes:
    def __init__(self, slots: int, marks: int) -> None:
        self._slots = slots
        self._marks = marks
        self._lanes: list[Lane] = []
        self._hears = np.full(slots, NOBODY, np.int8)  # lane of slots whose agent listens
        self._speaks = np.full(slots, NOBODY, np.int8)  # lane of slots whose agent may be heard

    def __getitem__(self, lane: int) -> Lane:
        return self._lanes[lane]

    def of(self, encoding: Encoding) -> int:
        for index, lane in enumerate(self._lanes):
            if lane.encoding is encoding:
                return index
        self._lanes.append(Lane(self._slots, encoding, self._marks))
        return len(self._lanes) - 1

    def reset(self, slot: int, *lanes: int) -> None:
        """Nothing of the slot's former agent is left in them."""
        for lane in set(lanes):
            self._lanes[lane].reset(slot)

    def hear(self, slot: int, lane: int) -> None:
        """The caller goes to the agent by `lane`, or not at all: NOBODY."""
        self._hears[slot] = lane

    def speak(self, slot: int, lane: int) -> None:
        self._speaks[slot] = lane

    def leave(self, slot: int) -> None:
        self._hears[slot] = self._speaks[slot] = NOBODY

    def speaking(self, slot: int) -> Lane:
        """The lane of a slot that has an agent."""
        return self._lanes[int(self._speaks[slot])]

    def heard(
        self, rows: Rows, pcm: Pcm, ulaw: Ulaw, wide: Pcm | None
    ) -> Iterator[tuple[Rows, memoryview, int]]:
        """For each lane the rows whose agents listen, their frames as the agents hear them, bytes of each."""
        lanes = self._hears[rows]
        for index, lane in enumerate(self._lanes):
            mine = lanes == index
            if not mine.any():
                continue
            if mine.all():
                yield rows, lane.encode(rows, pcm, ulaw, wide), lane.encoding.frame_bytes
            else:
                some = rows[mine]
                part = None if wide is None else wide[mine]
                yield some, lane.encode(some, pcm[mine], ulaw[mine], part), lane.encoding.frame_bytes

    def spoken(self, rows: Rows) -> list[tuple[Lane, NDArray[np.intp] | None]]:
        """Lanes of the agents of `rows`, and which rows speak by each; None: all of them."""
        lanes = self._speaks[rows]
        for index, lane in enumerate(self._lanes):
            if (lanes == index).all():
                return [(lane, None)]
        parts = ((lane, np.flatnonzero(lanes == index)) for index, lane in enumerate(self._lanes))
        return [(lane, mine) for lane, mine in parts if mine.size]

"""When a member of a room is sent its mix: as soon after the frames of those whom it hears as can be.

::

    group      0    1    2    3    0    1    2    3
    frames of  A         B         A         B
    sent at 0  ▲ A now, B 10 ms old ▲             sent at 3: A 15, B 5 ms old

Groups follow each other by 5 ms. A member is moved later only, and only where nothing is lost by it of
those whom it hears already: none of their frames comes between the old moment and the new one. In larger
rooms voices come in every group, and one moment is as good as another.
"""

from typing import Final

import numpy as np

from media.columns import LegColumns
from media.frame import GROUPS, Rows

FEW: Final = 4
"Members of a room up to which moments are chosen."
FRESH: Final = 50 * GROUPS
"Ticks in which little is lost by it."
_NEVER: Final = -1


class Pace:
    def __init__(self, slots: int, columns: LegColumns) -> None:
        self._columns = columns
        self._came = np.full(slots, _NEVER, np.int8)
        "Group in which a voice's latest frame came."
        self._known_from = np.zeros(slots, np.int64)
        "Tick from which on frames of the member, and what it hears, are not to be lost."
        self._moves: dict[int, int] = {}
        "Slot → group in which it is to be sent."

    def enter(self, slot: int, tick: int, *, seamless: bool) -> None:
        """Args: seamless: it is in the midst of a conversation."""
        self.leave(slot)
        self._known_from[slot] = tick if seamless else tick + FRESH

    def leave(self, slot: int) -> None:
        self._came[slot] = _NEVER
        self._moves.pop(slot, None)

    def hear(self, slots: Rows, group: int, tick: int) -> None:
        """Frames of these members have come."""
        # The group of who has not been heard yet may still change.
        for slot in slots[(self._came[slots] != group) & self._columns.aligned[slots]].tolist():
            self._came[slot] = group
            self._choose(int(self._columns.room[slot]), tick)

    def turn(self, group: int) -> bool:
        """Move whom it is time to move: its next packet is later, none comes early; whether any was moved."""
        columns, moved = self._columns, False
        for slot, beat in list(self._moves.items()):
            before = int(columns.beat[slot])
            if _after(before, group) >= _after(before, beat):
                del self._moves[slot]
                columns.beat[slot], moved = beat, True
        return moved

    def _choose(self, room: int, tick: int) -> None:
        columns = self._columns
        members = np.flatnonzero(columns.room == room)
        if not 1 < len(members) <= FEW:
            return
        voices = [slot for slot in members.tolist() if columns.voiced[slot] and self._came[slot] != _NEVER]
        known = {slot for slot in members.tolist() if self._known_from[slot] <= tick}
        for slot in members.tolist():
            self._moves.pop(slot, None)
            others = [voice for voice in voices if voice != slot]
            if not others:
                continue
            beat = int(columns.beat[slot])
            groups = [int(self._came[voice]) for voice in others]
            best = min(range(GROUPS), key=lambda later: (_oldest(groups, beat + later), later))
            loses = any(
                0 < _after(beat, int(self._came[voice])) <= best for voice in known.intersection(others)
            )
            if best and not (loses and slot in known):
                self._moves[slot] = (beat + best) % GROUPS


def _after(first: int, second: int) -> int:
    """Groups from one to the other."""
    return (second - first) % GROUPS


def _oldest(groups: list[int], beat: int) -> int:
    """Of frames that come in `groups`, how long the oldest has waited at `beat`."""
    return max(_after(group, beat) for group in groups)

"""What a group's members of rooms are sent: whose voices each of them hears, as index arrays.

::

    to G.711                    all voices, 8 kHz
    to a wideband codec         voices of G.711, 8 kHz ─▶ 16 kHz ─┬▶ what the member hears
                                wideband voices, 16 kHz ──────────╯

So everybody hears everybody as well as both can, whoever comes, leaves, or changes its codec, and a room of
G.711 alone is one sum.
"""

from typing import Final

import numpy as np

from config.value import dataclass
from media.codec.table import FIRST_WIDE
from media.columns import LegColumns
from media.frame import Mask, Rows

FEW: Final = 4
"Voices of a room up to which the others' are added for each listener; of more, its own is taken off the sum."
_NO_ROOM: Final = -1
_NOBODY: Final[Rows] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Chorus:
    """What some listeners hear of some of the voices in their rooms."""

    few: Rows
    "Which of the listeners are in rooms of at most `FEW` voices, …"
    others: tuple[Rows, ...]
    "… and their first other voice, their second …; silence behind the last."
    many: Rows
    "Which are in larger ones."
    sizes: tuple[tuple[Rows, int], ...]
    "Voices of all of these with one number of them, room by room, and that number; in the order of `total`."
    total: Rows
    "For each of `many` the place of its room among all rooms of `sizes`."
    own: Rows
    "Places in `many` of those who are among the voices, …"
    own_voices: Rows
    "… and which voices those are."
    coached: Rows
    "Which of the listeners hear, each once for every coach of theirs, …"
    coaches: Rows
    "… these voices as well."


@dataclass(frozen=True, slots=True)
class Mix:
    """Members of rooms that are sent something in this group.

    A voice is a row: a member's slot. What an agent says to a member is a voice too, the number of slots
    behind the member's own. The row behind all of them is silence.
    """

    slots: Rows
    rooms: Rows
    "Number of each one's room."
    narrow: Rows
    "Which of `slots` are sent G.711."
    send: Rows
    "Their positions in `send`."
    wide: Rows
    "Which are sent wideband audio, in the order of `WidePlan.rising`."
    plain: Chorus | None
    "Of those who are sent G.711, all voices at 8 kHz."
    low: Chorus | None
    "Of the others, voices that come by G.711."
    high: Chorus | None
    "Of the others, wideband voices at 16 kHz."


def make_mix(columns: LegColumns, send: Rows, positions: Rows, broad: Mask) -> Mix:
    """
    Args:
        positions: in `send`, of members of rooms.
        broad: of all of `send`, whether they are sent wideband audio.
    """
    slots = send[positions]
    rooms = columns.room[slots]
    heard = columns.connected & (columns.room >= 0) & np.isin(columns.room, rooms)
    voices = np.flatnonzero(heard & columns.voiced)
    rooms_of, laws = columns.room[voices], columns.law_in[voices]
    attended = np.flatnonzero(heard & columns.agent & columns.may_send)
    if len(attended):
        voices = np.concatenate((voices, attended + len(columns.room)))
        rooms_of = np.concatenate((rooms_of, columns.room[attended]))
        laws = np.concatenate((laws, columns.law_out[attended]))
    coaches = np.flatnonzero(heard & (columns.coaches >= 0))
    wide_voices, wide_coaches = laws >= FIRST_WIDE, columns.law_in[coaches] >= FIRST_WIDE
    narrow, wide = np.flatnonzero(~broad[positions]), np.flatnonzero(broad[positions])

    def chorus(listeners: Rows, some: Mask, coaching: Mask) -> Chorus | None:
        if not len(listeners):
            return None
        if len(listeners) < len(slots):
            some = some & np.isin(rooms_of, rooms[listeners])
        return _chorus(columns, slots[listeners], voices[some], rooms_of[some], coaches[coaching])

    everyone, every_coach = np.ones(len(voices), np.bool_), np.ones(len(coaches), np.bool_)
    return Mix(
        slots=slots,
        rooms=rooms,
        narrow=narrow,
        send=positions[narrow],
        wide=wide,
        plain=chorus(narrow, everyone, every_coach),
        low=chorus(wide, ~wide_voices, ~wide_coaches),
        high=chorus(wide, wide_voices, wide_coaches),
    )


def _chorus(columns: LegColumns, listeners: Rows, voices: Rows, rooms_of: Rows, coaches: Rows) -> Chorus:
    by_room = np.argsort(rooms_of, kind="stable")
    voices = voices[by_room]
    numbers, starts, counts = np.unique(rooms_of[by_room], return_index=True, return_counts=True)
    # One place more: of rooms that have no voice.
    counts = np.append(counts, 0)
    rooms = columns.room[listeners]
    place = numbers.searchsorted(rooms)
    place[np.append(numbers, _NO_ROOM)[place] != rooms] = len(numbers)
    large = counts[place] > FEW
    few, many = np.flatnonzero(~large), np.flatnonzero(large)
    by_count = np.argsort(counts, kind="stable")
    by_count = by_count[counts[by_count] > FEW]
    sizes: list[tuple[Rows, int]] = []
    for size in np.unique(counts[by_count]).tolist():
        these = starts[by_count[counts[by_count] == size]]
        sizes.append((voices[(these[:, None] + np.arange(size)).ravel()], size))
    summed = np.zeros(len(counts), np.intp)
    summed[by_count] = np.arange(len(by_count))
    own = np.flatnonzero(np.isin(listeners[many], voices))
    coached, heard = _NOBODY, _NOBODY
    if len(coaches):
        at = {slot: index for index, slot in enumerate(listeners.tolist())}
        pairs = [
            (at[told], coach) for coach in coaches.tolist() if (told := int(columns.coaches[coach])) in at
        ]
        coached = np.array([index for index, _ in pairs], np.intp)
        heard = np.array([coach for _, coach in pairs], np.intp)
    return Chorus(
        few=few,
        others=_others(listeners[few], voices, np.append(starts, 0)[place[few]], counts[place[few]], columns),
        many=many,
        sizes=tuple(sizes),
        total=summed[place[many]],
        own=own,
        own_voices=listeners[many[own]],
        coached=coached,
        coaches=heard,
    )


def _others(
    listeners: Rows, voices: Rows, starts: Rows, counts: Rows, columns: LegColumns
) -> tuple[Rows, ...]:
    """`Chorus.others`. Args: starts, counts: of each listener's room in `voices`."""
    silence = 2 * len(columns.room)
    padded = np.append(voices, np.full(FEW, silence))
    heard = padded[starts[:, None] + np.arange(FEW)]
    heard[np.arange(FEW) >= counts[:, None]] = silence
    heard[heard == listeners[:, None]] = silence
    heard.sort(axis=1)
    return tuple(column.copy() for column in heard.T if (column != silence).any())

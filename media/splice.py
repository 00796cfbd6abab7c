"""Splices: where a leg begins to hear somebody or something else, its audio goes on from where it was.

::

    heard before …╲                     ╭─ heard now
                   ╲ carried on, fading ╯            ╰…

Without it, each bridge, hold, transfer, prompt, and agent that comes or goes cuts a wave in its midst
(`dsp/seam.py`). The first frame that a leg is sent at all is left as it is. Payloads that go on as they came
are, too: the far decoder has no seam at which they could be fitted.
"""

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.codec.table import FIRST_WIDE, LAWS, SILENCE, ULAW
from media.columns import LegColumns
from media.dsp.seam import TAIL, carried_on
from media.frame import GROUPS, Frames, Mask, Pcm, Rows, Slots

NOBODY: Final = -1
_AGENT: Final = -2
_NOTHING_YET: Final = -3
_ROOM: Final = -4
"And below, by even numbers: rooms; by odd ones: turns of the leg's playback."

Hearing = NDArray[np.int64]
"For each leg that is sent something what that is: the slot of whom it hears, or a number below 0."


def hearing(
    columns: LegColumns, slots: Rows, relayed: Mask, speaks: Mask, mixed: Mask, playing: Mask
) -> Hearing:
    heard = np.where(relayed, columns.source[slots], NOBODY)
    heard[speaks] = _AGENT
    # Who is sent its mix at another moment may have missed a frame of somebody (`pace.py`).
    members = slots[mixed]
    heard[mixed] = _ROOM - 2 * (columns.room[members] * GROUPS + columns.beat[members])
    heard[playing] = _ROOM - 1 - 2 * columns.turn[slots[playing]]
    return heard


class Splices:
    """What each leg heard last, and the end of it."""

    def __init__(self, slots: int) -> None:
        self._hears = np.full(slots, _NOTHING_YET, np.int64)
        self._law = np.full(slots, ULAW, np.uint8)
        self._tail = np.full((slots, TAIL), SILENCE[ULAW], np.uint8)
        "In that law; of a wideband leg anything."
        self._wide_tail = np.zeros((slots, 2 * TAIL), np.int16)
        self._low_tail = np.zeros((slots, TAIL), np.int16)
        "Of a wideband leg that hears no more than 8 kHz."
        self._rises = np.zeros(slots, np.bool_)
        "It is such a one."
        self._kept: dict[int, tuple[Hearing, Rows, Frames]] = {}
        "Ends of frames by plan, the latest ones last: to sort them by slot in each tick would cost more."

    def reset(self, slots: Rows) -> None:
        """The slots get new legs."""
        self._hears[slots], self._law[slots], self._tail[slots] = _NOTHING_YET, ULAW, SILENCE[ULAW]
        self._wide_tail[slots] = self._low_tail[slots] = 0
        self._rises[slots] = False

    def splice(self, slots: Rows, hears: Hearing, laws: NDArray[np.uint8], payload: Frames) -> frozenset[int]:
        """Let what is sent by G.711 go on from what was sent before; positions in `slots` of all splices.

        Args:
            hears: one array for each plan.
            laws: by position: the codec.
            payload: (k, 160), by position.
        """
        spliced: frozenset[int] = frozenset()
        if self._kept.pop(id(hears), None) is None:
            for _, sent, tails in self._kept.values():
                self._tail[sent] = tails
            if len(self._kept) == GROUPS:
                del self._kept[next(iter(self._kept))]
            before, law = self._hears[slots], self._law[slots]
            self._hears[slots], self._law[slots] = hears, laws
            changed = np.flatnonzero((before != hears) & (before != _NOTHING_YET))
            self._fit(slots, changed, law, laws, payload)
            spliced = frozenset(changed.tolist())
        self._kept[id(hears)] = hears, slots, payload[:, -TAIL:].copy()
        return spliced

    def fit_rising(self, slots: Slots, positions: list[int], spliced: frozenset[int], pcm: Pcm) -> list[int]:
        """Let what `slots` hear at 8 kHz go on before it is brought to 16; those that heard 16 kHz before.

        Args:
            positions: of `slots` in the plan.
            pcm: (k, 160).
        """
        begun: list[int] = []
        if spliced:
            here = np.flatnonzero([position in spliced for position in positions])
            fresh = ~self._rises[slots[here]]
            begun = slots[here[fresh]].tolist()
            self._low_tail[begun] = 0
            if len(here):
                pcm[here] = carried_on(self._low_tail[slots[here]], pcm[here])
        self._low_tail[slots] = pcm[:, -TAIL:]
        return begun

    def fit_wide(self, slot: int, pcm: Pcm, *, spliced: bool, rises: bool) -> Pcm:
        """What the leg is sent by a wideband codec, (320,), going on from what it was sent before."""
        if spliced and not (rises and self._rises[slot]):
            pcm = carried_on(self._wide_tail[slot][None, :], pcm[None, :])[0]
        self._rises[slot] = rises
        self._wide_tail[slot] = pcm[-2 * TAIL :]
        return pcm

    def _fit(
        self,
        slots: Rows,
        positions: Rows,
        before: NDArray[np.uint8],
        laws: NDArray[np.uint8],
        payload: Frames,
    ) -> None:
        """Args: before: the codec of what was sent before, by position in `slots`."""
        for old, new in product(range(FIRST_WIDE), repeat=2):
            here = positions[(before[positions] == old) & (laws[positions] == new)]
            if len(here):
                tail = LAWS[old].to_linear[self._tail[slots[here]]]
                fitted = carried_on(tail, LAWS[new].to_linear[payload[here]])
                payload[here] = LAWS[new].from_linear[fitted.view(np.uint16)]

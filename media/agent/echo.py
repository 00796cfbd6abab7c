"""The own-echo guard: is what the caller's line brings only what we sent into it?

::

    sent, last 0.7 s ─┐ best delay, 0 to 400 ms ─▶ 20 ms of echo path fitted to it ─▶ share of the caller's
    heard, last 0.3 s ┘                                                               power that it explains

A speakerphone's echo is explained by half and more; a caller who speaks at the same time is not. Both are
kept at 4 kHz. The fit takes half a millisecond, so it is made when the VAD reports speech over an agent,
and while it goes on five times a second, `BUDGET` a tick; two in a row must find somebody else before the
agent is stopped.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ECHO: Final = 0.36
"So much of the power explained makes an echo."
AGAIN: Final = 10
"Frames until the next look at speech that was an echo."
BUDGET: Final = 2
"Fits of one tick; the others wait for the next."
SURE: Final = 2
"Looks in a row that must find somebody else after one has found an echo."

_FRAME: Final = 80  # samples of 20 ms at 4 kHz
_HEARD: Final = 15  # frames
_SENT: Final = 35
_RING: Final = 36
_SPAN: Final = _HEARD * _FRAME
_TAPS: Final = 80
_LEAD: Final = 4  # taps before the best delay
_FFT: Final = 8_192
_RIDGE: Final = 1e-2
_EMPHASIS: Final = np.float32(0.9)
_QUIET: Final = 9.0
"Mean square of the caller's frames, highs lifted, below which there is nothing to judge."

Floats = NDArray[np.float32]


class EchoGuard:
    """Audio of all slots in both directions, and the judgement of one."""

    def __init__(self, slots: int) -> None:
        # Zeroed pages come from the kernel when a slot is first used.
        self._sent = np.zeros((slots, _RING, _FRAME), np.int16)
        self._heard = np.zeros((slots, _RING, _FRAME), np.int16)
        self._at = np.zeros((2, slots), np.intp)  # frames written, of sent and heard
        self._looks: dict[int, list[int]] = {}  # slot under suspicion → frames to the next look, looks passed

    def reset(self, slot: int) -> None:
        self._sent[slot] = self._heard[slot] = 0
        self._at[:, slot] = 0
        self._looks.pop(slot, None)

    def sent(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> None:
        """What left for the callers in this tick, (k, 160) at 8 kHz or (k, 320) at 16 kHz."""
        self._put(self._sent, 0, rows, pcm)

    def heard(self, rows: NDArray[np.int32], pcm: NDArray[np.int16]) -> list[int]:
        """What came from them, (k, 160); returns the slots whose speech turned out to be somebody's own."""
        self._put(self._heard, 1, rows, pcm)
        if not self._looks:
            return []
        found, budget = [], BUDGET
        here = set(rows.tolist())
        for slot, look in list(self._looks.items()):
            if slot not in here:
                continue
            look[0] -= 1
            if look[0] > 0 or budget == 0:
                continue
            budget -= 1
            look[0] = AGAIN
            share = self._share(slot)
            look[1] = look[1] + 1 if share is not None and share < ECHO else 0
            if look[1] >= SURE:
                del self._looks[slot]
                found.append(slot)
        return found

    def suspects(self, slot: int) -> bool:
        """Speech begins over the agent: True when it is the agent's own, which is watched from now on."""
        share = self._share(slot)
        if share is None or share < ECHO:
            return False
        self._looks[slot] = [AGAIN, 0]
        return True

    def watches(self, slot: int) -> bool:
        return slot in self._looks

    def forget(self, slot: int) -> None:
        """The speech is over."""
        self._looks.pop(slot, None)

    # Inside.

    def _put(
        self, ring: NDArray[np.int16], way: int, rows: NDArray[np.int32], pcm: NDArray[np.int16]
    ) -> None:
        step = pcm.shape[1] // _FRAME
        at = self._at[way, rows]
        # Pairs are averaged: what folds down from above 2 kHz is weak in both alike.
        narrow = pcm[:, 0::step] if step == 1 else (pcm[:, 0::step] >> 1) + (pcm[:, 1::step] >> 1)
        ring[rows, at % _RING] = narrow
        self._at[way, rows] = at + 1

    def _latest(self, ring: NDArray[np.int16], way: int, slot: int, frames: int) -> Floats:
        at = int(self._at[way, slot])
        order = np.arange(at - frames, at) % _RING
        samples = ring[slot, order].reshape(-1).astype(np.float32)
        samples[1:] -= _EMPHASIS * samples[:-1]
        found: Floats = samples
        return found

    def _share(self, slot: int) -> float | None:
        """Of the caller's power that we have sent ourselves; None where there is nothing to judge."""
        heard = self._latest(self._heard, 1, slot, _HEARD)
        if float(heard @ heard) < _QUIET * _SPAN:
            return None
        return explained(heard, self._latest(self._sent, 0, slot, _SENT))


def explained(heard: Floats, sent: Floats) -> float:
    """The share of the power of `heard` that a short echo path from `sent` explains; both end now."""
    span, delays = len(heard), len(sent) - len(heard)
    ours = np.fft.rfft(sent, _FFT)
    match = np.fft.irfft(np.conj(np.fft.rfft(heard, _FFT)) * ours)[: delays + 1]
    total = np.concatenate(([0.0], np.cumsum(np.square(sent, dtype=np.float64))))
    strength = total[span : span + delays + 1] - total[: delays + 1]
    best = int(np.argmax(np.square(match) / (strength + 1.0)))
    starts = best + _LEAD - np.arange(_TAPS)
    starts = starts[(starts >= 0) & (starts <= delays)]
    windows = np.lib.stride_tricks.sliding_window_view(sent, span)[starts]
    gram = windows @ windows.T
    gram[np.diag_indices_from(gram)] += np.trace(gram) / len(starts) * _RIDGE + 1.0
    path = np.linalg.solve(gram, windows @ heard)
    left = heard - path @ windows
    return 1.0 - float(left @ left) / (float(heard @ heard) + 1.0)

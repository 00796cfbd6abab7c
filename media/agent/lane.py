"""What legs with agents of one encoding share: playout, and the way between 8 kHz and the agent's rate."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.agent.contract import Encoding
from media.agent.playout import Playout, Taken
from media.codec.g711 import ULAW_TO_LINEAR
from media.dsp.resample import Resampler

Rows = NDArray[np.int32]
Pcm = NDArray[np.int16]
Ulaw = NDArray[np.uint8]

_FADE_OUT: Final = np.zeros(160, np.float32)
_FADE_OUT[:80] = np.linspace(1.0, 0.0, 80, endpoint=False)


class Lane:
    """What the legs with agents of one encoding share."""

    def __init__(self, slots: int, encoding: Encoding, marks: int) -> None:
        self.encoding = encoding
        self.playout = Playout(slots, encoding, marks)
        resampled = encoding.rate != 8000
        self._up = Resampler(slots, 8000, encoding.rate) if resampled else None
        self._down = Resampler(slots, encoding.rate, 8000) if resampled else None

    def reset(self, slot: int) -> None:
        if self._up is not None and self._down is not None:
            self._up.reset(slot)
            self._down.reset(slot)

    def encode(self, rows: Rows, pcm: Pcm, ulaw: Ulaw) -> memoryview:
        """The callers' frames, (k, 160) each way, as agents hear them: `frame_bytes` a row."""
        frames: NDArray[np.int16] | NDArray[np.uint8]
        if self._up is not None:
            frames = self._up.process(rows, pcm)
        else:
            frames = ulaw if self.encoding is Encoding.ULAW_8000 else pcm
        return np.ascontiguousarray(frames).data.cast("B")

    def decode(self, rows: Rows, now: float) -> tuple[Pcm, NDArray[np.bool_], Taken]:
        """One frame of playout at 8 kHz: pcm (k, 160), which rows sound at all, and the rest of the news."""
        taken = self.playout.take(rows, now)
        active = taken.play
        if self._down is not None:
            # One frame of silence lets the filter's memory ring out.
            active = taken.play | taken.was
            if active.all():
                pcm = self._down.process(rows, taken.frames)
            else:
                pcm = np.zeros((len(rows), 160), np.int16)
                busy = np.flatnonzero(active)
                if busy.size:
                    pcm[busy] = self._down.process(rows[busy], taken.frames[busy])
        elif self.encoding is Encoding.ULAW_8000:
            pcm = ULAW_TO_LINEAR.take(taken.frames)
        else:
            pcm = taken.frames
        for index in taken.fading:
            pcm[index] = pcm[index] * _FADE_OUT
            if self._down is not None:
                self._down.reset(int(rows[index]))
        return pcm, active, taken

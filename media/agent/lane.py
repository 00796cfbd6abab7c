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

WIDE: Final = 16_000
"[Hz], of callers whose codec is wideband; all others have 8 kHz."

_FADES: Final = {
    rate: np.concatenate((np.linspace(1.0, 0.0, rate // 100, endpoint=False), np.zeros(rate // 100))).astype(
        np.float32
    )
    for rate in (8000, WIDE)
}
_RISES: Final = {
    rate: np.concatenate((np.linspace(0.0, 1.0, rate // 100, endpoint=False), np.ones(rate // 100))).astype(
        np.float32
    )
    for rate in (8000, WIDE)
}


class Lane:
    """What the legs with agents of one encoding share."""

    def __init__(self, slots: int, encoding: Encoding, marks: int) -> None:
        self.encoding = encoding
        self.playout = Playout(slots, encoding, marks)
        rates = [rate for rate in (8000, WIDE) if rate != encoding.rate]
        # By the caller's rate.
        self._to_agent = {rate: Resampler(slots, rate, encoding.rate) for rate in rates}
        self._to_caller = {rate: Resampler(slots, encoding.rate, rate) for rate in rates}

    def reset(self, slot: int) -> None:
        for resampler in (*self._to_agent.values(), *self._to_caller.values()):
            resampler.reset(slot)

    def encode(self, rows: Rows, pcm: Pcm, ulaw: Ulaw, wide: Pcm | None = None) -> memoryview:
        """The callers' frames, (k, 160) each way, as agents hear them: `frame_bytes` a row.

        Args:
            wide: the same at 16 kHz, (k, 320), if that is what the callers' codecs gave.
        """
        frames: NDArray[np.int16] | NDArray[np.uint8]
        rate = self.encoding.rate
        if wide is not None and rate > 8000:
            frames = wide if rate == WIDE else self._to_agent[WIDE].process(rows, wide)
        elif rate != 8000:
            frames = self._to_agent[8000].process(rows, pcm)
        else:
            frames = ulaw if self.encoding is Encoding.ULAW_8000 else pcm
        return np.ascontiguousarray(frames).data.cast("B")

    def decode(self, rows: Rows, now: float, rate: int = 8000) -> tuple[Pcm, NDArray[np.bool_], Taken]:
        """One frame of playout at `rate`: pcm (k, samples), which rows sound at all, and the other news."""
        taken = self.playout.take(rows, now)
        active = taken.play
        frames = taken.frames
        if self.encoding is Encoding.ULAW_8000:
            frames = ULAW_TO_LINEAR.take(frames)
        resampler = self._to_caller.get(rate)
        if resampler is None:
            pcm = frames
        else:
            # One frame of silence lets the filter's memory ring out.
            active = taken.play | taken.was
            if active.all():
                pcm = resampler.process(rows, frames)
            else:
                pcm = np.zeros((len(rows), rate // 50), np.int16)
                busy = np.flatnonzero(active)
                if busy.size:
                    pcm[busy] = resampler.process(rows[busy], frames[busy])
        for index in taken.fading:
            pcm[index] = pcm[index] * _FADES[rate]
            if resampler is not None:
                resampler.reset(int(rows[index]))
        for index in taken.rising:
            pcm[index] = pcm[index] * _RISES[rate]
        return pcm, active, taken

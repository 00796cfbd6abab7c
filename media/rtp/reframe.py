"""Packets of any length → 20 ms frames, numbered by timestamp (RFC 3551 §4.2).

For legs that send 10, 30, 40 or 60 ms, or odd sizes: samples are laid on the RTP time line
from the stream's first timestamp on, and a frame is ready when its last byte has come.
"""

from typing import Final

import numpy as np

from media.frame import FRAME_SAMPLES, Frames

MAX_PARTIAL: Final = 8
"Incomplete frames kept; the oldest goes first."


class Reframer:
    """One leg's time line; `origin` is the timestamp at which frame `number` begins."""

    def __init__(self, origin: int, number: int) -> None:
        self._stamp = origin
        self._position = number * FRAME_SAMPLES  # of `_stamp` [samples]
        self._partial: dict[int, tuple[Frames, int]] = {}

    def add(self, timestamp: int, payload: Frames) -> list[tuple[int, Frames]]:
        """Lay `payload` (n,) at `timestamp`; return the frames it completes, as (number, (160,))."""
        step = ((timestamp - self._stamp + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        start = self._position + step
        if step > 0:
            self._stamp, self._position = timestamp, start
        ready: list[tuple[int, Frames]] = []
        read = 0
        while read < len(payload):
            number, offset = divmod(start + read, FRAME_SAMPLES)
            count = min(FRAME_SAMPLES - offset, len(payload) - read)
            piece = payload[read : read + count]
            read += count
            if count == FRAME_SAMPLES:
                ready.append((number, piece))
                continue
            frame, filled = self._partial.pop(number, (np.empty(0, np.uint8), 0))
            if not filled:
                frame = np.empty(FRAME_SAMPLES, np.uint8)
            frame[offset : offset + count] = piece
            if filled + count >= FRAME_SAMPLES:
                ready.append((number, frame))
                continue
            self._partial[number] = (frame, filled + count)
            if len(self._partial) > MAX_PARTIAL:
                del self._partial[min(self._partial)]
        return ready

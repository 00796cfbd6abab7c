"""Packets of any length → 20 ms frames, numbered by timestamp (RFC 3551 §4.2).

For legs that send 10, 30, 40 or 60 ms, or odd sizes: samples are laid on the RTP time line
from the stream's first timestamp on, and a frame is ready when its last byte has come. Of one
that has to be played before, the jitter buffer finds in `partial` what is there.
"""

from typing import Final

import numpy as np

from media.frame import FRAME_SAMPLES, SAMPLE_RATE, Frames, Mask
from media.rtp.media_time import MediaTime

MAX_PARTIAL: Final = 8
"Incomplete frames kept; the oldest goes first."


Part = tuple[Frames, Mask]
"A frame, and which of its samples have come: a copy of a packet completes nothing."


class Reframer:
    """One leg's time line; `origin` is the timestamp at which frame `number` begins."""

    def __init__(self, origin: int, number: int) -> None:
        self._time = MediaTime(origin, number * FRAME_SAMPLES, SAMPLE_RATE)
        self.partial: dict[int, Part] = {}
        "By number."
        self.spurt = False
        "A talk spurt has begun, and no frame of it is whole yet."

    def add(self, timestamp: int, payload: Frames) -> list[tuple[int, Frames]]:
        """Lay `payload` (n,) at `timestamp`; return the frames it completes, as (number, (160,))."""
        start = self._time.place(timestamp, len(payload))
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
            partial = self.partial.pop(number, None)
            frame, there = partial or (np.empty(FRAME_SAMPLES, np.uint8), np.zeros(FRAME_SAMPLES, np.bool_))
            frame[offset : offset + count] = piece
            there[offset : offset + count] = True
            if there.all():
                ready.append((number, frame))
                continue
            self.partial[number] = (frame, there)
            if len(self.partial) > MAX_PARTIAL:
                del self.partial[min(self.partial)]
        return ready

"""G.722 at 64 kbit/s: 16 kHz audio in 8 bits per pair of samples (ITU-T G.722, RFC 3551 §4.5.2).

The RTP clock is 8 kHz, a mistake of RFC 1890 that stays: 20 ms are 160 bytes and 160 ticks, just
as in G.711, so a frame fits the engine's columns.
"""

from typing import Final

import numpy as np
from G722 import G722 as _G722

from media.codec.g711 import Pcm

_RATE: Final = 16_000
_BITS: Final = 64_000
IMPAIRMENT: Final = 0.0, 14.0
"""Ie and Bpl on the narrowband scale, on which G.113 has none: up to 4 kHz it is as good as G.711, but after
a gap its predictors are out of step: one lost frame spoils 1.8 times as much (`test_lost_frames.py`)."""


class G722Encoder:
    def __init__(self) -> None:
        self._coder = _G722(_RATE, _BITS)

    def encode(self, pcm: Pcm) -> bytes:
        """Samples (n,) at 16 kHz, n even → n / 2 bytes."""
        coded: bytes = self._coder.encode(pcm)
        return coded

    def suit(self, most_bits: int, *, pauses: bool) -> None:
        """It has one rate, and no pauses."""

    def expect_loss(self, percent: int) -> None:
        """Nothing helps against it."""


class G722Decoder:
    def __init__(self) -> None:
        self._coder = _G722(_RATE, _BITS)

    def decode(self, payload: bytes) -> Pcm:
        """Any bytes → two samples each."""
        return np.frombuffer(self._coder.decode(payload), np.int16)


def ticks(payload: bytes) -> int:
    """Length in units of the RTP clock."""
    return len(payload)

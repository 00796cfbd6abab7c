"""L16: plain samples of 16 bits in network byte order, here mono at 16 kHz (RFC 3551 §4.5.11)."""

import numpy as np

from media.codec.g711 import IMPAIRMENT as IMPAIRMENT  # nothing is coded, and gaps are concealed alike
from media.codec.g711 import Pcm


class L16Encoder:
    def encode(self, pcm: Pcm) -> bytes:
        """Samples (n,) → 2 n bytes."""
        return pcm.astype(">i2").tobytes()

    def suit(self, most_bits: int, *, pauses: bool) -> None:
        """It has one rate, and no pauses."""

    def expect_loss(self, percent: int) -> None:
        """Nothing helps against it."""


class L16Decoder:
    def decode(self, payload: bytes) -> Pcm:
        """2 n bytes → n samples; an odd last byte is passed over."""
        return np.frombuffer(payload[: len(payload) & ~1], ">i2").astype(np.int16)


def ticks(payload: bytes) -> int:
    """Length in units of the RTP clock."""
    return len(payload) // 2

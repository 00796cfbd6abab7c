"""G.711 as tables: companded bytes ↔ 16-bit linear samples (ITU-T G.711).

Bit-exact with the well-known Sun reference coder: negative samples are floored by the
arithmetic shift to 14 (µ-law) or 13 bits (A-law) before they are companded. The tables
are read-only; the encoders are indexed by a sample's bits as uint16.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Pcm = NDArray[np.int16]

ULAW_SILENCE: Final = 0xFF
"The µ-law byte of sample 0."
ALAW_SILENCE: Final = 0xD5
"The A-law byte of sample +8, the smallest that A-law has."

IMPAIRMENT: Final = 0.0, 25.1
"Ie and Bpl of G.711 with the concealment of its Appendix I (ITU-T G.113, Table I.4), like which ours is."

_SAMPLES = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _ulaw_to_linear() -> Pcm:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_to_linear() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    mantissa = (code & 0x0F) << 4
    magnitude = np.where(segment == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _linear_to_ulaw() -> Bytes:
    sample = _SAMPLES >> 2
    magnitude = np.minimum(np.abs(sample), 8159) + 0x21
    segment = np.searchsorted(np.array([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF]), magnitude)
    code = np.where(segment > 7, 0x7F, (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F))
    return (code ^ np.where(sample < 0, 0x7F, 0xFF)).astype(np.uint8)


def _linear_to_alaw() -> Bytes:
    sample = _SAMPLES >> 3
    magnitude = np.where(sample >= 0, sample, -sample - 1)
    segment = np.searchsorted(np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF]), magnitude)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    return (code ^ np.where(sample >= 0, 0xD5, 0x55)).astype(np.uint8)


ULAW_TO_LINEAR: Final = _ulaw_to_linear()
ALAW_TO_LINEAR: Final = _alaw_to_linear()
LINEAR_TO_ULAW: Final = _linear_to_ulaw()
LINEAR_TO_ALAW: Final = _linear_to_alaw()
ULAW_TO_ALAW: Final = LINEAR_TO_ALAW[ULAW_TO_LINEAR.view(np.uint16)]
ALAW_TO_ULAW: Final = LINEAR_TO_ULAW[ALAW_TO_LINEAR.view(np.uint16)]

for _table in (ULAW_TO_LINEAR, ALAW_TO_LINEAR, LINEAR_TO_ULAW, LINEAR_TO_ALAW, ULAW_TO_ALAW, ALAW_TO_ULAW):
    _table.setflags(write=False)


def decode_ulaw(payload: Bytes) -> Pcm:
    """Any shape of µ-law bytes → samples of the same shape."""
    return np.take(ULAW_TO_LINEAR, payload, mode="clip")


def decode_alaw(payload: Bytes) -> Pcm:
    """Any shape of A-law bytes → samples of the same shape."""
    return np.take(ALAW_TO_LINEAR, payload, mode="clip")


def encode_ulaw(pcm: Pcm) -> Bytes:
    """Any shape of samples → µ-law bytes of the same shape."""
    return np.take(LINEAR_TO_ULAW, pcm.view(np.uint16), mode="clip")


def encode_alaw(pcm: Pcm) -> Bytes:
    """Any shape of samples → A-law bytes of the same shape."""
    return np.take(LINEAR_TO_ALAW, pcm.view(np.uint16), mode="clip")

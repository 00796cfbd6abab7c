"""The codecs that the audio plane speaks: encoding name → tables, in one row each (RFC 3551 §6).

A codec's position in `LAWS` is its number in the engine's columns. The stacked tables hold
one codec per row, so that `row[law] + byte` decodes a column of mixed legs in one gather.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from media.codec import g711
from media.codec.g711 import Bytes, Pcm


@dataclass(frozen=True, slots=True)
class Law:
    """One byte-per-sample codec at 8 kHz."""

    name: str
    "Encoding name in lower case."
    payload_type: int
    "Static RTP payload type."
    silence: int
    "The byte of the quietest sample."
    to_linear: Pcm
    "int16, shape (256,)."
    from_linear: Bytes
    "uint8, shape (65536,), indexed by a sample's bits as uint16."


LAWS: Final = (
    Law("pcmu", 0, g711.ULAW_SILENCE, g711.ULAW_TO_LINEAR, g711.LINEAR_TO_ULAW),
    Law("pcma", 8, g711.ALAW_SILENCE, g711.ALAW_TO_LINEAR, g711.LINEAR_TO_ALAW),
)
ULAW: Final = 0
ALAW: Final = 1

NUMBER: Final = {law.name: number for number, law in enumerate(LAWS)}
"Encoding name → position in `LAWS`."

TO_OTHER: Final = (g711.ULAW_TO_ALAW, g711.ALAW_TO_ULAW)
"By law: the table that turns its bytes into the other law's."

SILENCE: Final = np.array([law.silence for law in LAWS], dtype=np.uint8)
"By law: the byte of silence."
SILENCE.setflags(write=False)


def decode(frames: Bytes, law: Bytes) -> Pcm:
    """Companded rows (k, n), each in codec number `law` (k,) → samples of the same shape."""
    if not len(law) or (law == law[0]).all():
        table = LAWS[law[0] if len(law) else ULAW].to_linear
        return np.take(table, frames, mode="clip")
    return np.take(_TO_LINEAR, frames + (law.astype(np.uint16) << 8)[:, None], mode="clip")


def encode(pcm: Pcm, law: Bytes) -> Bytes:
    """Samples (k, n) → companded rows, each in codec number `law` (k,)."""
    if not len(law) or (law == law[0]).all():
        table = LAWS[law[0] if len(law) else ULAW].from_linear
        return np.take(table, pcm.view(np.uint16), mode="clip")
    return np.take(_FROM_LINEAR, pcm.view(np.uint16) + (law.astype(np.uint32) << 16)[:, None], mode="clip")


_TO_LINEAR: Final = np.concatenate([law.to_linear for law in LAWS])
_FROM_LINEAR: Final = np.concatenate([law.from_linear for law in LAWS])

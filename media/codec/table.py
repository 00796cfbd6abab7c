"""The codecs that the audio plane speaks, in one row each (RFC 3551 §6).

A codec's number in the engine's columns is its position in `LAWS`, or behind them in `WIDE`. Laws
are tables: the stacked ones hold one law per row, so that `row[law] + byte` decodes a column of
mixed legs in one gather. Wideband codecs remember what went before and work leg by leg.
"""

from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

import numpy as np

from config.value import dataclass
from media.codec import g711, g722, l16, opus
from media.codec.g711 import Bytes, Pcm


class Encoder(Protocol):
    def encode(self, pcm: Pcm) -> bytes: ...
    def suit(self, most_bits: int, *, pauses: bool) -> None: ...
    def expect_loss(self, percent: int) -> None: ...


class Decoder(Protocol):
    def decode(self, payload: bytes) -> Pcm: ...


@runtime_checkable
class Conceals(Protocol):
    """A decoder that fills its own gaps."""

    def conceal(self, following: bytes) -> tuple[Pcm, bool]: ...


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
    ie: float
    "Equipment impairment factor on the narrowband scale, without loss (ITU-T G.107 §7.5)."
    bpl: float
    "Packet-loss robustness factor, with our concealment."


@dataclass(frozen=True, slots=True)
class Wide:
    """One codec of audio that is 16 kHz here, whatever its RTP clock."""

    name: str
    "Encoding name in lower case."
    clock_rate: int
    "Of RTP [Hz]."
    parcels: bool
    "A payload of 20 ms is not 160 bytes: it travels beside the columns."
    cuts: bool
    "A payload may be cut anywhere between samples, and joined to another."
    join: Callable[[bytes, bytes], bytes | None] | None
    "Two payloads in the place of one that cannot be cut; None for those that cannot be one."
    ticks: Callable[[bytes], int]
    "Length of a payload in units of the RTP clock; 0: it cannot be."
    holds_last: Callable[[bytes], bool]
    "Whether a payload holds the frame before it, too."
    narrows: bool
    "The encoder takes frames of 8 kHz as well, and is faster then."
    encoder: Callable[[], Encoder]
    decoder: Callable[[], Decoder]
    ie: float
    "As that of a law."
    bpl: float
    "As that of a law."

    @property
    def step(self) -> int:
        """Units of the RTP clock in 20 ms."""
        return self.clock_rate // 50


LAWS: Final = (
    Law("pcmu", 0, g711.ULAW_SILENCE, g711.ULAW_TO_LINEAR, g711.LINEAR_TO_ULAW, *g711.IMPAIRMENT),
    Law("pcma", 8, g711.ALAW_SILENCE, g711.ALAW_TO_LINEAR, g711.LINEAR_TO_ALAW, *g711.IMPAIRMENT),
)
ULAW: Final = 0
ALAW: Final = 1


def _never(payload: bytes) -> bool:
    return False


WIDE: Final = (
    Wide(
        "g722",
        8_000,
        False,
        True,
        None,
        g722.ticks,
        _never,
        False,
        g722.G722Encoder,
        g722.G722Decoder,
        *g722.IMPAIRMENT,
    ),
    Wide(
        "opus",
        opus.CLOCK,
        True,
        False,
        opus.join,
        opus.ticks,
        opus.has_fec,
        True,
        opus.OpusEncoder,
        opus.OpusDecoder,
        *opus.IMPAIRMENT,
    ),
    Wide(
        "l16",
        16_000,
        True,
        True,
        None,
        l16.ticks,
        _never,
        False,
        l16.L16Encoder,
        l16.L16Decoder,
        *l16.IMPAIRMENT,
    ),
)
FIRST_WIDE: Final = len(LAWS)
"Numbers from here on are wideband."

PARCELLED: Final = np.array([False] * len(LAWS) + [codec.parcels for codec in WIDE])
"By number: whether a ticket lies in the columns in the place of a payload."
PARCELLED.setflags(write=False)

_NAMES: Final = tuple(law.name for law in LAWS) + tuple(wide.name for wide in WIDE)

NUMBER: Final = {name: number for number, name in enumerate(_NAMES)}
"Encoding name → number of the codec."

CLOCK: Final = {law.name: 8_000 for law in LAWS} | {wide.name: wide.clock_rate for wide in WIDE}
"Encoding name → RTP clock at which we speak it [Hz]."


def is_spoken(name: str, clock_rate: int) -> bool:
    return CLOCK.get(name) == clock_rate


def wide(number: int) -> Wide:
    """The row of a wideband codec's number."""
    return WIDE[number - FIRST_WIDE]


def name_of(number: int) -> str:
    return _NAMES[number]


def impairment(number: int) -> tuple[float, float]:
    """Ie and Bpl of a codec's number."""
    row = LAWS[number] if number < FIRST_WIDE else wide(number)
    return row.ie, row.bpl


def clock_ratio(number: int) -> int:
    """RTP clock of a codec's number, in units of 8 kHz."""
    return 1 if number < FIRST_WIDE else wide(number).clock_rate // 8_000


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

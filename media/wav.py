"""Reading WAV: the RIFF chunks of a file → samples between −1 and 1 (WAVE_FORMAT_EXTENSIBLE among them).

PCM of 8, 16, 24 and 32 bits, IEEE float of 32 and 64, G.711 µ-law and A-law; up to 8 channels, mixed to one.
A file that breaks off within its samples is read as far as it goes, and so is one that goes on although its
header says that it has none: a recorder that died leaves either. Some programs leave out the byte that fills
up a chunk of an odd length.
"""

import os
import struct
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.codec.g711 import ALAW_TO_LINEAR, ULAW_TO_LINEAR

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_SUFFIX: Final = bytes.fromhex("000000001000800000aa00389b71")  # of the GUIDs that wrap a format tag
_BITS: Final = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
_CHANNELS: Final = 8
_RATES: Final = range(4_000, 192_001)
_FORMAT_BYTES: Final = 40
_ENDLESS: Final = 8 + 0xFFFF_FFFF
_CHUNKS: Final = 1_000  # of one file, so that one of empty chunks cannot hold the reader up


@dataclass(frozen=True, slots=True)
class NotWav:
    """These bytes cannot be read; `why` is for the person who made them."""

    why: str
    coded: bool = False
    "It is a WAV that holds a codec, which others may know."


@dataclass(frozen=True, slots=True)
class Format:
    tag: int
    channels: int
    rate: int
    "[Hz]"
    bits: int
    "Per sample of one channel."

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True)
class Wav:
    """Where the samples of a file are."""

    format: Format
    start: int
    "Of the samples in the file [bytes]."
    frames: int
    "Samples of each channel."

    @property
    def seconds(self) -> float:
        return self.frames / self.format.rate

    def read(self, file: BinaryIO, position: int, frames: int) -> NDArray[np.float32]:
        """Up to `frames` samples from `position` on, in one channel, the mean of all; full scale is ±1.

        What is no number is silence. Fewer come at the end, or where the file has been cut since.
        """
        file.seek(self.start + position * self.format.frame)
        data = file.read(max(min(frames, self.frames - position), 0) * self.format.frame)
        data = data[: len(data) // self.format.frame * self.format.frame]
        interleaved = _linear(self.format, data).reshape(-1, self.format.channels)
        mono = interleaved[:, 0] if self.format.channels == 1 else interleaved.mean(axis=1)
        if self.format.tag == _FLOAT:
            mono = np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0)
        return np.ascontiguousarray(mono, np.float32)


def parse(file: BinaryIO) -> Wav | NotWav:
    """Find format and samples; reads a few headers, never the samples.

    Raises:
        OSError: `file` cannot be read.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return NotWav("not a WAV file: it does not begin with RIFF…WAVE")
    ends, position = 8 + int.from_bytes(head[4:8], "little"), 12
    known: Format | None = None
    for _ in range(_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            break
        name, size = struct.unpack("<4sI", header)
        position += 8
        if name == b"fmt ":
            found = _format(file.read(min(size, _FORMAT_BYTES)))
            if isinstance(found, NotWav):
                return found
            known = found
        elif name == b"data":
            if known is None:
                return NotWav("its samples come before their format")
            if size == 0 and (ends <= position or ends == _ENDLESS):
                size = end - position
            return Wav(known, position, min(size, end - position) // known.frame)
        position += size
        if size % 2:
            file.seek(position)
            position += file.read(4) not in (b"fmt ", b"data")
    return NotWav("it has no samples")


def _format(body: bytes) -> Format | NotWav:
    if len(body) < 16:
        return NotWav("its format is cut off")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE:
        if len(body) < 40 or body[26:40] != _SUFFIX:
            return NotWav("its extensible format is not one of the plain ones", coded=len(body) >= 40)
        (tag,) = struct.unpack_from("<H", body, 24)
    if tag not in _BITS:
        why = f"format {tag} is not PCM, float, µ-law or A-law; convert it to 16-bit PCM"
        return NotWav(why, coded=True)
    if bits not in _BITS[tag]:
        return NotWav(f"{bits} bits per sample are not readable; convert it to 16-bit PCM")
    if not 1 <= channels <= _CHANNELS:
        return NotWav(f"{channels} channels; 1 to {_CHANNELS} are readable")
    if rate not in _RATES:
        return NotWav(f"{rate} Hz; {_RATES[0]} to {_RATES[-1]} Hz are readable")
    return Format(tag, channels, rate, bits)


def _linear(format: Format, data: bytes) -> NDArray[np.float32]:
    match format.tag, format.bits:
        case 6, _:
            return ALAW_TO_LINEAR[np.frombuffer(data, np.uint8)] * np.float32(2**-15)
        case 7, _:
            return ULAW_TO_LINEAR[np.frombuffer(data, np.uint8)] * np.float32(2**-15)
        case 3, bits:
            return np.frombuffer(data, f"<f{bits // 8}").astype(np.float32)
        case _, 8:
            return (np.frombuffer(data, np.uint8) - np.float32(128)) * np.float32(2**-7)
        case _, 24:
            high = np.zeros((len(data) // 3, 4), np.uint8)  # int32 with the sample in its upper three bytes
            high[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return high.view("<i4")[:, 0] * np.float32(2**-31)
        case _, bits:
            return np.frombuffer(data, f"<i{bits // 8}") * np.float32(2.0 ** (1 - bits))

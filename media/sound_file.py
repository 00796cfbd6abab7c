"""Sound files other than plain WAV → samples, by FFmpeg's decoders in PyAV; for threads.

What a file is, is told from its first bytes, and no other demuxer is tried: some of FFmpeg's open whatever
files and addresses a playlist names.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import av
import numpy as np
from numpy.typing import NDArray

from media import wav

_HEAD: Final = 12  # bytes that tell what a file is
_NAMES: Final = "WAV, MP3, FLAC, Ogg, AIFF, AU, M4A, AAC, AMR and WebM"
_CODED_WAV: Final = "wav"  # MP3, G.722, GSM, ADPCM…

_BEGIN: Final = (
    (b"ID3", "mp3"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b".snd", "au"),
    (b"#!AMR", "amr"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
)
_CHANNELS: Final = 8
_RATES: Final = range(4_000, 192_001)
_KINDS: Final = 16  # of rates and channels in one file


class SoundFileError(Exception):
    """It cannot be read."""


def demuxer(head: bytes) -> str:
    """Which of FFmpeg's reads a file that begins so; empty: none, plain WAV among them."""
    for begin, name in _BEGIN:
        if head.startswith(begin):
            return name
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mov"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # layer 0: ADTS
        return "aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # layer III
        return "mp3"
    return ""


def kind_of(file: BinaryIO) -> wav.Wav | wav.NotWav | str:
    """What the samples of a WAV are, who reads another sound file (for `decode`), or why nobody does.

    Raises:
        OSError: `file` cannot be read.
    """
    name = demuxer(head := file.read(_HEAD))
    found: wav.Wav | wav.NotWav | str = name
    if not name:
        found = wav.parse(file)
        if isinstance(found, wav.NotWav) and found.coded:
            found = _CODED_WAV
        elif isinstance(found, wav.NotWav) and head[:4] not in (b"RIFF", b"RF64"):
            found = wav.NotWav(f"not a sound file that we know: it is none of {_NAMES}")
    file.seek(0)
    return found


def decode(file: BinaryIO, name: str, seconds: float) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """(sampling rate, mono pieces); more than `seconds` of it is refused.

    Args:
        name: of the demuxer.

    Raises:
        SoundFileError: at once or while it is read.
    """
    try:
        container = av.open(file, "r", format=name)
    except (av.error.FFmpegError, ValueError) as error:
        raise _undecodable(name) from error
    stream = next(iter(container.streams.audio), None)
    coding = None if stream is None else stream.codec_context
    if coding is None:
        container.close()
        raise _undecodable(name)
    rate, channels = coding.sample_rate, coding.channels
    if rate not in _RATES or not 1 <= channels <= _CHANNELS:
        container.close()
        readable = f"{_RATES[0]} to {_RATES[-1]} Hz and 1 to {_CHANNELS} channels are readable"
        raise SoundFileError(f"{rate} Hz and {channels} channels; {readable}")
    return rate, _pieces(container, name, rate, seconds)


def _pieces(
    container: "av.container.InputContainer", name: str, rate: int, seconds: float
) -> Iterator[NDArray[np.float32]]:
    left = seconds * rate
    resamplers: dict[tuple[int, str], av.AudioResampler] = {}
    heard = False
    with container:
        for frame in _frames(container):
            kind = frame.sample_rate, frame.layout.name
            if kind not in resamplers and len(resamplers) < _KINDS:
                resamplers[kind] = av.AudioResampler(format="fltp", rate=rate)
            for piece in resamplers[kind].resample(frame) if kind in resamplers else ():
                left -= piece.samples
                if left < 0:
                    raise SoundFileError(f"longer than {seconds:g} s")
                heard = True
                mono = cast(NDArray[np.float32], piece.to_ndarray().mean(axis=0, dtype=np.float32))
                yield np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0)
    if not heard:
        raise _undecodable(name)


def _frames(container: "av.container.InputContainer") -> Iterator[av.AudioFrame]:
    """What can be decoded; what cannot is left out, as players do."""
    packets = container.demux(audio=0)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError, ValueError):
            return
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, ValueError):
            continue


def _undecodable(name: str) -> SoundFileError:
    kind = {"mov": "M4A", "matroska": "WebM"}.get(name, name.upper())
    return SoundFileError(f"it cannot be decoded as {kind}; convert it to WAV of 16-bit PCM")

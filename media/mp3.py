"""MP3 from and to files, by libmp3lame and FFmpeg's decoder in PyAV; for threads, since it takes its time.

Recordings are kept as WAV, and are made into MP3 when somebody asks for one. Prompts may be either.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import av
import numpy as np
from numpy.typing import NDArray

from media import wav

BITS_PER_CHANNEL: Final = 32_000
"Of the MP3s that we make [bit/s]."
_PIECE: Final = 5.0  # samples read at once [s]
_KINDS: Final = 16  # of rates and channels in one file


class Mp3Error(Exception):
    """It cannot be read or made."""


def is_mp3(head: bytes) -> bool:
    """Whether a file that begins so may be one: an ID3 tag, or the sync word of layer III."""
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)


def decode(file: BinaryIO, seconds: float) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """(sampling rate, mono pieces); more than `seconds` of it is refused.

    Raises:
        Mp3Error: at once or while it is read.
    """
    try:
        container = av.open(file, "r", format="mp3")
        stream = container.streams.audio[0]
    except (av.error.FFmpegError, IndexError) as error:
        raise Mp3Error("it cannot be decoded as MP3") from error
    return stream.rate, _pieces(container, stream.rate, seconds)


def _pieces(
    container: "av.container.InputContainer", rate: int, seconds: float
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
                    raise Mp3Error(f"longer than {seconds:g} s")
                heard = True
                yield cast(NDArray[np.float32], piece.to_ndarray().mean(axis=0, dtype=np.float32))
    if not heard:
        raise Mp3Error("it cannot be decoded as MP3")


def _frames(container: "av.container.InputContainer") -> Iterator[av.AudioFrame]:
    """What can be decoded; what cannot is left out, as players do."""
    packets = container.demux(audio=0)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def encode(source: Path, target: Path) -> None:
    """Make the 16-bit WAV `source` an MP3 of as many channels at `target`.

    Raises:
        Mp3Error: `source` is no such WAV.
        OSError: a file cannot be read or written.
    """
    with source.open("rb") as file:
        found = wav.parse(file)
        if isinstance(found, wav.NotWav):
            raise Mp3Error(found.why)
        known = found.format
        if known.bits != 16 or known.channels > 2 or known.rate > 48_000:
            raise Mp3Error("only 16-bit WAV of one or two channels becomes MP3")
        layout = "stereo" if known.channels == 2 else "mono"
        try:
            with av.open(target, "w", format="mp3") as container:
                stream = container.add_stream("libmp3lame", rate=known.rate, layout=layout)
                stream.bit_rate = BITS_PER_CHANNEL * known.channels
                file.seek(found.start)
                for size in _sizes(found.frames, round(known.rate * _PIECE)):
                    data = np.frombuffer(file.read(size * known.frame), "<i2")
                    frame = av.AudioFrame.from_ndarray(data.reshape(1, -1), format="s16", layout=layout)
                    frame.sample_rate = known.rate
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
        except av.error.FFmpegError as error:
            raise Mp3Error(f"it cannot be made an MP3: {error}") from error


def _sizes(total: int, piece: int) -> Iterator[int]:
    for start in range(0, total, piece):
        yield min(piece, total - start)

"""MP3 from recordings, by libmp3lame in PyAV; for threads, since it takes its time.

They are kept as WAV, and are made into MP3 when somebody asks for one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np

from media import wav

BITS_PER_CHANNEL: Final = 32_000
"Of the MP3s that we make [bit/s]."
_PIECE: Final = 5.0  # samples read at once [s]


class Mp3Error(Exception):
    """It cannot be made."""


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

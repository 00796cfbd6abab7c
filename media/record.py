"""Recordings: frames of a leg → 16-bit WAV, mono or stereo (`timeline.py`), written by a thread of its own.

A file has one rate, whatever its leg's codecs become, and whatever legs it moves to.

A leg gives one frame for every 20 ms of its life, silence included, so a recording's time
line is the leg's. The tick only appends to a buffer; whole seconds go to the writer by a
bounded queue. When the disk cannot follow, a second is dropped, and later written as silence.
"""

import contextlib
import os
import queue
import struct
import threading
from collections.abc import Callable
from dataclasses import field
from io import FileIO
from pathlib import Path
from typing import Final

import numpy as np

from config.value import dataclass
from media.dsp.resample import Resampler
from media.frame import FRAME_MS, SAMPLE_RATE, Pcm
from media.port import LegId, Recorded
from media.timeline import Timeline

HEADER_BYTES: Final = 44
HEARD: Final = 0
SENT: Final = 1
QUEUE_CHUNKS: Final = 4_096
"Seconds waiting for the disk, of all recordings together."


@dataclass(slots=True)
class Recording:
    """One file being written; the tick owns the buffer, the writer owns `file`."""

    leg: LegId
    path: str
    seconds: float
    "At most; what comes beyond is left out."
    rate: int = SAMPLE_RATE
    "That of the first frame, from then on [Hz]."
    timeline: Timeline | None = None
    "Of a stereo recording."
    samples: int = 0
    "Of each channel."
    gap: int = 0
    "Bytes dropped since the last chunk that was queued."
    buffer: bytearray = field(default_factory=bytearray)
    file: FileIO | None = None
    failed: bool = False
    "The file cannot be written."
    error: str = ""
    _begun: bool = False
    _rising: Resampler | None = None
    "Of both sides; made when a frame comes at half the recording's rate."

    @property
    def limit(self) -> int:
        """Samples."""
        return int(self.seconds * self.rate)

    @property
    def channels(self) -> int:
        return 1 if self.timeline is None else 2

    def fit(self, side: int, pcm: Pcm, wide: Pcm | None) -> Pcm:
        """A frame at the recording's rate. Args: wide: the same at 16 kHz, if it came so."""
        if not self._begun:
            self._begun = True
            if wide is not None:
                self.rate = 2 * SAMPLE_RATE
                if self.timeline is not None:
                    self.timeline.settle(self.rate)
        if self.rate == SAMPLE_RATE:
            return pcm
        if wide is not None:
            return wide
        self._rising = self._rising or Resampler(2, SAMPLE_RATE, self.rate)
        risen: Pcm = self._rising.process(np.array([side], np.int32), pcm[None, :])[0]
        return risen


@dataclass(frozen=True, slots=True)
class _Chunk:
    recording: Recording
    data: bytes
    gap: int
    "Bytes of silence that go before `data`."
    last: bool


class Recorder:
    """Writes all recordings of an engine.

    Args:
        post: runs a callable on the engine's thread (`loop.call_soon_threadsafe`).
        done: gets `Recorded` there, when the file is complete.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], object], done: Callable[[Recorded], None]
    ) -> None:
        self._post = post
        self._done = done
        self._queue: queue.Queue[_Chunk | None] = queue.Queue(QUEUE_CHUNKS)
        self._thread: threading.Thread | None = None

    def start(self, leg: LegId, path: str, seconds: float, timeline: Timeline | None = None) -> Recording:
        """Begin a recording of at most `seconds`, stereo on a `timeline`; errors come with `Recorded`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)
            self._thread.start()
        return Recording(leg, path, seconds, timeline=timeline)

    def frame(self, recording: Recording, pcm: memoryview) -> None:
        """Append one frame of the recording's rate, int16 in the machine's order."""
        if recording.samples >= recording.limit:
            return
        recording.samples += recording.rate * FRAME_MS // 1000
        recording.buffer += pcm
        if len(recording.buffer) >= 2 * recording.rate:
            self._hand_over(recording)

    def heard(self, recording: Recording, pcm: Pcm, now: float, wide: Pcm | None = None) -> None:
        """One frame (160,) that came from the leg. Args: wide: (320,) if it came at 16 kHz."""
        pcm = recording.fit(HEARD, pcm, wide)
        if recording.timeline is None:
            self.frame(recording, pcm.data)
        else:
            recording.timeline.hear(pcm, now)
            self._take(recording, recording.timeline)

    def sent(self, recording: Recording, pcm: Pcm, now: float, wide: Pcm | None = None) -> None:
        """One frame (160,) that the leg was sent. Args: wide: (320,) if it was sent at 16 kHz."""
        if recording.timeline is not None:
            recording.timeline.send(recording.fit(SENT, pcm, wide), now)
            self._take(recording, recording.timeline)

    def stop(self, recording: Recording) -> None:
        """End the recording; `Recorded` follows when the file is complete."""
        if recording.timeline is not None:
            self._take(recording, recording.timeline, all=True)
        chunk = _Chunk(recording, bytes(recording.buffer), recording.gap, last=True)
        try:
            self._queue.put_nowait(chunk)
        except queue.Full:
            # The last chunk closes the file, so it must get in; a second of someone's audio need not.
            threading.Thread(target=self._queue.put, args=(chunk,), daemon=True).start()

    def close(self) -> None:
        """Write what is queued and end the thread; call it off the loop."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _take(self, recording: Recording, timeline: Timeline, *, all: bool = False) -> None:
        data = timeline.take(all=all)[: 4 * (recording.limit - recording.samples)]
        if data:
            recording.samples += len(data) // 4
            recording.buffer += data
            self._hand_over(recording)

    def _hand_over(self, recording: Recording) -> None:
        data = bytes(recording.buffer)
        recording.buffer.clear()
        try:
            self._queue.put_nowait(_Chunk(recording, data, recording.gap, last=False))
            recording.gap = 0
        except queue.Full:
            recording.gap += len(data)
            recording.error = "the disk could not follow; the missing parts are silent"

    # On the writer's thread.

    def _write_all(self) -> None:
        while (chunk := self._queue.get()) is not None:
            recording = chunk.recording
            try:
                self._write(recording, chunk)
            except OSError as error:
                recording.failed, recording.error = True, str(error)
            if chunk.last:
                self._report(recording)

    def _write(self, recording: Recording, chunk: _Chunk) -> None:
        if recording.failed:
            return
        if recording.file is None:
            # Without a buffer: what was written is there after kill -9, and known where the disk is full.
            recording.file = open(recording.path, "wb", 0, opener=_privately)  # noqa: SIM115  (stays open)
            _put(recording.file, _header(0, recording.channels, recording.rate))
        for data in (bytes(chunk.gap), chunk.data):
            _put(recording.file, data)

    def _report(self, recording: Recording) -> None:
        if recording.file is not None:
            with contextlib.suppress(OSError):  # the write before it has told
                _complete(recording.file, recording.channels, recording.rate)
            with contextlib.suppress(OSError):
                recording.file.close()
        milliseconds = recording.samples * 1000 // recording.rate
        recorded = Recorded(recording.leg, recording.path, milliseconds, recording.error)
        self._post(lambda: self._done(recorded))


def repair(path: Path) -> bool:
    """Write the right sizes into a file whose recording never ended; False: nothing was recorded in it.

    Raises:
        OSError: it cannot be read or written.
    """
    with path.open("r+b", 0) as file:
        head = file.read(HEADER_BYTES)
        if file.seek(0, os.SEEK_END) <= HEADER_BYTES or head[:4] != b"RIFF":
            return False
        _complete(file, *struct.unpack_from("<HI", head, 22))
    return True


def _complete(file: FileIO, channels: int, rate: int) -> None:
    """Write the sizes of what is in the file, whole samples of all channels."""
    size = file.seek(0, os.SEEK_END) - HEADER_BYTES
    if size < 0:
        return
    size -= size % (2 * channels)
    file.truncate(HEADER_BYTES + size)
    file.seek(0)
    _put(file, _header(size, channels, rate))


def _privately(path: str, flags: int) -> int:
    """Of what people say nobody else on the machine reads."""
    return os.open(path, flags, 0o600)


def _put(file: FileIO, data: bytes) -> None:
    """All of it, where the disk takes a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _header(size: int, channels: int, rate: int) -> bytes:
    """RIFF header of `size` bytes of 16-bit PCM."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1),
        *(channels, rate, 2 * channels * rate, 2 * channels, 16, b"data", size),
    )

"""Recordings: played-out frames of a leg → 16-bit mono WAV, written by a thread of its own.

A leg gives one frame for every 20 ms of its life, silence included, so a recording's time
line is the leg's. The tick only appends to a buffer; whole seconds go to the writer by a
bounded queue. When the disk cannot follow, a second is dropped, and later written as silence.
"""

import contextlib
import queue
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from media.frame import FRAME_SAMPLES, SAMPLE_RATE
from media.port import LegId, Recorded

CHUNK_BYTES: Final = SAMPLE_RATE * 2
"One second."
QUEUE_CHUNKS: Final = 4_096
"Seconds waiting for the disk, of all recordings together."


@dataclass(slots=True)
class Recording:
    """One file being written; the tick owns the buffer, the writer owns `file`."""

    leg: LegId
    path: str
    limit: int
    "Samples at most; what comes beyond is left out."
    samples: int = 0
    gap: int = 0
    "Bytes dropped since the last chunk that was queued."
    buffer: bytearray = field(default_factory=bytearray)
    file: BinaryIO | None = None
    written: int = 0
    "Bytes of samples in the file."
    failed: bool = False
    "The file cannot be written."
    error: str = ""


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

    def start(self, leg: LegId, path: str, seconds: float) -> Recording:
        """Begin a recording of at most `seconds`; errors of the file come with `Recorded`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)
            self._thread.start()
        return Recording(leg, path, int(seconds * SAMPLE_RATE))

    def frame(self, recording: Recording, pcm: memoryview) -> None:
        """Append one frame: 320 bytes, int16 in the machine's order."""
        if recording.samples >= recording.limit:
            return
        recording.samples += FRAME_SAMPLES
        recording.buffer += pcm
        if len(recording.buffer) >= CHUNK_BYTES:
            self._hand_over(recording)

    def stop(self, recording: Recording) -> None:
        """End the recording; `Recorded` follows when the file is complete."""
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
            recording.file = open(recording.path, "wb")  # noqa: SIM115  (stays open between chunks)
            recording.file.write(_header(0))
        recording.file.write(bytes(chunk.gap))
        recording.file.write(chunk.data)
        recording.written += chunk.gap + len(chunk.data)
        if chunk.last:
            recording.file.seek(0)
            recording.file.write(_header(recording.written))

    def _report(self, recording: Recording) -> None:
        if recording.file is not None:
            with contextlib.suppress(OSError):  # the write before it has told
                recording.file.close()
        recorded = Recorded(
            recording.leg, recording.path, recording.samples * 1000 // SAMPLE_RATE, recording.error
        )
        self._post(lambda: self._done(recorded))


def _header(size: int) -> bytes:
    """RIFF header of `size` bytes of 16-bit mono PCM."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16, b"data", size),
    )

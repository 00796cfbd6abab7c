"""Prompts: sound files made ready for playout, in memory, least recently used out first.

::

    file ─▶ thread: parse · mix to mono · resample to 8 kHz · cut into frames · compand ─▶ Prompt
                                                 ╰▶ 16 kHz, where the file has it, for wideband legs ─╯
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import BinaryIO, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from config.schema import MediaLimits
from config.value import dataclass
from media import sound_file, wav
from media.codec.g711 import LINEAR_TO_ALAW, LINEAR_TO_ULAW
from media.track import Track

_RATE: Final = 8000
_FINE: Final = 2 * _RATE
_FRAME: Final = 160
_PIECE: Final = 0.2  # of the work, so that the loop's thread never waits long for the interpreter [s]


class PromptError(Exception):
    """A prompt cannot be played."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, eq=False)
class Prompt:
    """Frames of 20 ms at 8 kHz, the last one filled up with silence; the arrays are read-only."""

    pcm: NDArray[np.int16]
    "Shape ``(frames, 160)``."
    ulaw: NDArray[np.uint8]
    "Shape ``(frames, 160)``."
    alaw: NDArray[np.uint8]
    "Shape ``(frames, 160)``."
    samples: int
    "Without what fills up the last frame."
    fine: NDArray[np.int16] | None = None
    "Shape ``(frames, 320)``, 16 kHz; None where the file holds no more than 8 kHz."

    @property
    def milliseconds(self) -> int:
        return self.samples * 1000 // _RATE

    @cached_property
    def track(self) -> Track:
        return Track((self.ulaw, self.alaw), self.samples, self.fine)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        fine = 0 if self.fine is None else self.fine.nbytes
        return self.pcm.nbytes + self.ulaw.nbytes + self.alaw.nbytes + fine


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells a file from the one that was there before."""

    modified_ns: int
    size: int


class PromptStore:
    """The prompts in memory; belongs to one event loop."""

    def __init__(self, limits: MediaLimits) -> None:
        self._limits = limits
        self._prompts: OrderedDict[str, tuple[_Version, Prompt]] = OrderedDict()
        self._size = 0
        self._loading: dict[str, asyncio.Future[tuple[_Version, Prompt]]] = {}

    def cached(self, path: str) -> Prompt | None:
        """The prompt, if it is in memory and its file has not changed since."""
        entry = self._prompts.get(path)
        if entry is None:
            return None
        version, prompt = entry
        try:
            current = _version(path)
        except OSError:
            current = None
        if current != version:
            self._forget(path)
            return None
        self._prompts.move_to_end(path)
        return prompt

    async def load(self, path: str) -> Prompt:
        """The prompt, from memory or read in a thread; many callers of one path read it once.

        Raises:
            PromptError: missing, unreadable, no sound file that we can play, or too long.
        """
        cached = self.cached(path)
        if cached is not None:
            return cached
        loading = self._loading.get(path)
        if loading is None:
            loop = asyncio.get_running_loop()
            loading = loop.run_in_executor(None, _read, path, self._limits)
            self._loading[path] = loading
            loading.add_done_callback(self._keeper(path))
        # The read belongs to all who wait for it, so one of them giving up does not end it.
        _, prompt = await asyncio.shield(loading)
        return prompt

    def _keeper(self, path: str) -> "Callable[[asyncio.Future[tuple[_Version, Prompt]]], None]":
        def keep(loading: asyncio.Future[tuple[_Version, Prompt]]) -> None:
            self._loading.pop(path, None)
            if not loading.cancelled() and loading.exception() is None:
                self._keep(path, *loading.result())

        return keep

    def _keep(self, path: str, version: _Version, prompt: Prompt) -> None:
        self._forget(path)
        self._prompts[path] = (version, prompt)
        self._size += prompt.size
        while len(self._prompts) > self._limits.prompts or self._size > self._limits.prompt_memory:
            self._forget(next(iter(self._prompts)))

    def _forget(self, path: str) -> None:
        entry = self._prompts.pop(path, None)
        if entry is not None:
            self._size -= entry[1].size


def _version(path: str) -> _Version:
    status = os.stat(path)
    return _Version(status.st_mtime_ns, status.st_size)


def _read(path: str, limits: MediaLimits) -> tuple[_Version, Prompt]:
    """Read and decode a file; for a thread."""
    try:
        version = _version(path)
        if version.size > limits.prompt_bytes:
            raise PromptError(path, f"longer than {limits.prompt_bytes} bytes")
        with open(path, "rb") as file:
            found = sound_file.kind_of(file)
            if isinstance(found, wav.NotWav):
                raise PromptError(path, found.why)
            if isinstance(found, str):
                return version, made_of(*sound_file.decode(file, found, limits.prompt_seconds))
            if found.seconds > limits.prompt_seconds:
                raise PromptError(path, f"longer than {limits.prompt_seconds:g} s")
            return version, decode(found, file)
    except sound_file.SoundFileError as error:
        raise PromptError(path, str(error)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise PromptError(path, getattr(error, "strerror", None) or str(error)) from error


def decode(source: wav.Wav, file: BinaryIO) -> Prompt:
    """What `source` says, at 8 kHz and in both laws."""
    step = int(_PIECE * source.format.rate)
    pieces = (source.read(file, position, step) for position in range(0, source.frames, step))
    return made_of(source.format.rate, pieces)


def made_of(rate: int, pieces: Iterable[NDArray[np.float32]]) -> Prompt:
    """The prompt of mono pieces of `rate`."""
    narrow = _Resampled(rate, _RATE)
    broad = _Resampled(rate, _FINE) if rate >= _FINE else None
    for piece in pieces:
        narrow.add(piece)
        if broad is not None:
            broad.add(piece)
    samples = narrow.end()
    frames = -(-len(samples) // _FRAME)
    pcm = np.zeros(frames * _FRAME, np.int16)
    pcm[: len(samples)] = samples
    ulaw = np.empty(len(pcm), np.uint8)
    alaw = np.empty(len(pcm), np.uint8)
    step = int(_PIECE * _RATE)
    for start in range(0, len(pcm), step):
        bits = pcm[start : start + step].view(np.uint16)
        ulaw[start : start + step] = LINEAR_TO_ULAW[bits]
        alaw[start : start + step] = LINEAR_TO_ALAW[bits]
    fine = None
    if broad is not None:
        finer = broad.end()[: 2 * len(samples)]
        fine = np.zeros((frames, 2 * _FRAME), np.int16)
        fine.reshape(-1)[: len(finer)] = finer
        fine.flags.writeable = False
    for array in (pcm, ulaw, alaw):
        array.flags.writeable = False
    shape = (frames, _FRAME)
    return Prompt(pcm.reshape(shape), ulaw.reshape(shape), alaw.reshape(shape), len(samples), fine)


class _Resampled:
    """Pieces in, all of it at another rate out."""

    def __init__(self, rate: int, to: int) -> None:
        self._stream = None if rate == to else soxr.ResampleStream(rate, to, 1, dtype="float32")
        self._pieces = [np.empty(0, np.int16)]

    def add(self, piece: NDArray[np.float32]) -> None:
        self._pieces.append(_rounded(piece if self._stream is None else self._stream.resample_chunk(piece)))

    def end(self) -> NDArray[np.int16]:
        if self._stream is not None:
            rest = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
            self._pieces.append(_rounded(rest))
        return np.concatenate(self._pieces)


def _rounded(piece: NDArray[np.float32]) -> NDArray[np.int16]:
    rounded: NDArray[np.int16] = np.clip(np.rint(piece * np.float32(32768.0)), -32768, 32767).astype(np.int16)
    return rounded

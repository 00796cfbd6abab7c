"""The Unix socket between daemon and audio worker: values in order, each behind its length.

A value is pickled, and unpickled only into the dataclasses and enums of the boundary and of this folder:
whatever comes over this socket pair, which nobody else holds, can build plain data and nothing more.

Nothing waits: what the other side does not read stays in the write buffer, and who writes asks `is_full`
before it adds what can be left out. Above `MediaLimits.worker_queue_bytes` the other side counts as hung, and
the channel ends.
"""

import asyncio
import enum
import io
import logging
import pickle
import struct
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, Final, cast

from media import port
from media.gauges import EngineGauges, TickGauges, VoiceGauges
from media.worker import message, relay, speech

FULL: Final = 1 / 8
"Of the buffer's limit: above it what can be left out is."
LONGEST: Final = 16 << 20
"Of one value [bytes]."

_LENGTH: Final = struct.Struct("<I")

log = logging.getLogger(__name__)


class ChannelError(Exception):
    """What came is not what this side speaks."""


def _known() -> dict[tuple[str, str], type]:
    classes: list[type] = [EngineGauges, TickGauges, VoiceGauges]
    for module in (port, message, relay, speech):
        for value in vars(module).values():
            if isinstance(value, type) and (is_dataclass(value) or issubclass(value, enum.Enum)):
                classes.append(value)
    return {(each.__module__, each.__qualname__): each for each in classes}


_KNOWN: Final = _known()


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: object) -> Any:
        """Enums by their value: Python 3.11 before .4 names `getattr` instead, which nobody may send here."""
        return (type(obj), (obj.value,)) if isinstance(obj, enum.Enum) else NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> type:
        found = _KNOWN.get((module, name))
        if found is None:
            raise ChannelError(f"{module}.{name} is no value of this channel")
        return found


def encode(value: object) -> bytes:
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    data = file.getvalue()
    if len(data) > LONGEST:
        raise ChannelError(f"{type(value).__name__} of {len(data)} bytes")
    return _LENGTH.pack(len(data)) + data


def decode(data: bytes | memoryview) -> object:
    """Raises: ChannelError."""
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except ChannelError:
        raise
    except Exception as error:  # pickle names no end of them
        raise ChannelError(f"a value that cannot be read: {error!r}") from error


class Splitter:
    """Bytes as they come → whole values."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[object]:
        """Values that are complete now; one that cannot be read is logged and left out.

        Raises:
            ChannelError: a length that cannot be; nothing behind it can be found.
        """
        buffer = self._buffer
        buffer += data
        values: list[object] = []
        start = 0
        while start + _LENGTH.size <= len(buffer):
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > LONGEST:
                raise ChannelError(f"a value of {length} bytes")
            first = start + _LENGTH.size
            if first + length > len(buffer):
                break
            start = first + length
            try:
                values.append(decode(bytes(buffer[first:start])))
            except ChannelError:
                log.exception("a value was left out")
        del buffer[:start]
        return values


class Channel(asyncio.Protocol):
    """One end, once it is connected (`create_unix_connection`)."""

    def __init__(self, limit: int, received: Callable[[object], None], lost: Callable[[], None]) -> None:
        """
        Args:
            limit: bytes that may wait to be read by the other side.
            received: takes each value; must not raise.
            lost: the other side has gone, or is given up.
        """
        self._limit = limit
        self._received = received
        self._lost = lost
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._out: list[bytes] = []
        self._flushing = False

    @property
    def is_full(self) -> bool:
        """The other side lags behind: leave out what can be."""
        return self._waiting() > self._limit * FULL

    def send(self, value: object) -> None:
        """What one turn of the loop sends leaves in one piece. Nothing happens once the channel is closed."""
        if self._transport is None:
            return
        try:
            self._out.append(encode(value))
        except ChannelError:
            log.exception("a value was left out")
            return
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """What was sent still goes out."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is None or not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        self._transport.write(data)
        if self._waiting() > self._limit:
            log.error("the other side of an audio worker's socket stopped reading")
            self._transport.abort()

    def _waiting(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by name.
        self._transport = cast(asyncio.Transport, transport)
        # Nobody waits for room: `is_full` is asked instead.
        self._transport.set_write_buffer_limits(high=2 * self._limit)

    def data_received(self, data: bytes) -> None:
        try:
            values = self._splitter.feed(data)
        except ChannelError:
            log.exception("an audio worker's socket is out of step")
            if self._transport is not None:
                self._transport.abort()
            return
        for value in values:
            self._received(value)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._out.clear()
        self._lost()

"""Frames of 20 ms → packets of another packet time (RFC 3551 §4.2).

::

    20 ms│20 ms│20 ms ─▶ 30 ms│30 ms        20 ms ─▶ 10 ms│10 ms        20 ms│20 ms ─▶ 40 ms

Packets leave with the frame that completes them, so those of 30 or 50 ms are up to 10 ms uneven in time,
never in their timestamps. Payloads that can only be joined (Opus) make packets of 40 and 60 ms; for 30 and
50 they are of 20 and 40, and for 10 as they are.
"""

from collections.abc import Callable
from typing import Final

_FRAME_MS: Final = 20

Packet = tuple[bytes, int, bool]
"Payload, RTP timestamp, marker."


class Packer:
    """For codecs whose payloads can be cut."""

    def __init__(self, ptime_ms: int, step: int) -> None:
        """
        Args:
            ptime_ms: of the packets, a multiple of 10 ms.
            step: units of the RTP clock in 20 ms.
        """
        self.ptime_ms = ptime_ms
        self.step = step
        self._waiting = b""
        self._timestamp = 0
        self._marker = False

    def flush(self) -> list[Packet]:
        """The stream is interrupted: what waits, as a packet that is shorter."""
        ready: list[Packet] = [(self._waiting, self._timestamp, self._marker)] if self._waiting else []
        self._waiting, self._marker = b"", self._marker and not ready
        return ready

    def add(self, frame: bytes, timestamp: int, marker: bool) -> list[Packet]:
        """Take a frame and its RTP timestamp; the packets that are complete."""
        if not self._waiting:
            self._timestamp = timestamp
        self._marker |= marker
        waiting = self._waiting + frame
        size = len(frame) * self.ptime_ms // _FRAME_MS
        ready: list[Packet] = []
        while len(waiting) >= size:
            ready.append((waiting[:size], self._timestamp, self._marker))
            waiting, self._marker = waiting[size:], False
            self._timestamp += self.step * self.ptime_ms // _FRAME_MS
        self._waiting = waiting
        return ready


class Joiner:
    """For codecs whose payloads can be joined, and not cut.

    Args:
        join: two payloads → one; None: they cannot be one.
    """

    def __init__(self, ptime_ms: int, step: int, join: Callable[[bytes, bytes], bytes | None]) -> None:
        self.ptime_ms = ptime_ms
        self.step = step
        self._join = join
        self._waiting = b""
        self._frames = 0
        self._timestamp = 0
        self._marker = False

    def flush(self) -> list[Packet]:
        """The stream is interrupted: what waits, as a packet that is shorter."""
        ready: list[Packet] = [(self._waiting, self._timestamp, self._marker)] if self._frames else []
        self._waiting, self._frames, self._marker = b"", 0, self._marker and not ready
        return ready

    def add(self, frame: bytes, timestamp: int, marker: bool) -> list[Packet]:
        """As that of `Packer`; payloads that cannot be one leave as they are."""
        ready: list[Packet] = []
        joined = self._join(self._waiting, frame) if self._frames else frame
        if joined is None:
            ready, joined = self.flush(), frame
        if not self._frames:
            self._timestamp = timestamp
        self._marker |= marker
        self._waiting, self._frames = joined, self._frames + 1
        if (self._frames + 1) * _FRAME_MS > self.ptime_ms:
            ready += self.flush()
        return ready

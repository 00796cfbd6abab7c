"""Frames of 20 ms → packets of another packet time, for codecs whose payloads can be cut (RFC 3551 §4.2).

::

    20 ms│20 ms│20 ms ─▶ 30 ms│30 ms        20 ms ─▶ 10 ms│10 ms        20 ms│20 ms ─▶ 40 ms

Packets leave with the frame that completes them, so those of 30 or 50 ms are up to 10 ms uneven in time,
never in their timestamps.
"""

from typing import Final

_FRAME_MS: Final = 20


class Packer:
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

    def clear(self) -> None:
        """The stream is interrupted: what waits is late already."""
        self._waiting = b""

    def add(self, frame: bytes, timestamp: int, marker: bool) -> list[tuple[bytes, int, bool]]:
        """Take a frame and its RTP timestamp; the packets that are complete: (payload, timestamp, marker)."""
        if not self._waiting:
            self._timestamp = timestamp
        self._marker |= marker
        waiting = self._waiting + frame
        size = len(frame) * self.ptime_ms // _FRAME_MS
        ready: list[tuple[bytes, int, bool]] = []
        while len(waiting) >= size:
            ready.append((waiting[:size], self._timestamp, self._marker))
            waiting, self._marker = waiting[size:], False
            self._timestamp += self.step * self.ptime_ms // _FRAME_MS
        self._waiting = waiting
        return ready

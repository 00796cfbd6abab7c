"""Payloads that cannot be cut at will → parcels of 20 ms, numbered by timestamp (RFC 7587 §4.2).

For legs whose Opus or L16 packets are not 20 ms long. A parcel holds the payloads that begin in
its 20 ms; what they last beyond belongs to the following parcels, which may be empty.
"""

from typing import Final

from media.rtp.media_time import MediaTime

PER_SECOND: Final = 50
MAX_PARTIAL: Final = 8
"Incomplete parcels kept; the oldest goes first."

Parcel = tuple[bytes, ...]


class Parceller:
    """One leg's time line; `origin` is the timestamp at which parcel `number` begins.

    Args:
        step: units of the RTP clock in 20 ms.
    """

    def __init__(self, origin: int, number: int, step: int) -> None:
        self._step = step
        self._time = MediaTime(origin, number * step, PER_SECOND * step)
        self._partial: dict[int, dict[int, tuple[int, bytes]]] = {}
        "By where they begin: how much of the parcel they last, and payloads, empty if they began before it."

    def anew(self, origin: int, number: int) -> "Parceller":
        """A time line for the next stream of the same leg."""
        return Parceller(origin, number, self._step)

    def add(self, timestamp: int, ticks: int, payload: bytes) -> list[tuple[int, Parcel]]:
        """Lay `payload`, that lasts `ticks` > 0, at `timestamp`; return the parcels it completes."""
        start = self._time.place(timestamp, ticks)
        ready: list[tuple[int, Parcel]] = []
        step = self._step
        for number in range(start // step, (start + ticks - 1) // step + 1):
            parts = self._partial.pop(number, {})
            lasts = min(start + ticks, (number + 1) * step) - max(start, number * step)
            parts[start] = (lasts, payload if start >= number * step else b"")
            if sum(lasts for lasts, _ in parts.values()) >= step:
                ready.append((number, tuple(parts[at][1] for at in sorted(parts) if parts[at][1])))
                continue
            self._partial[number] = parts
            if len(self._partial) > MAX_PARTIAL:
                del self._partial[min(self._partial)]
        return ready

"""Payloads that cannot be cut at will → parcels of 20 ms, numbered by timestamp (RFC 7587 §4.2).

For legs whose Opus or L16 packets are not 20 ms long. A parcel holds the payloads that begin in
its 20 ms; what they last beyond belongs to the following parcels, which may be empty.
"""

from typing import Final

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
        self._stamp = origin
        self._position = number * step  # of `_stamp`
        self._partial: dict[int, tuple[int, dict[int, bytes]]] = {}

    def anew(self, origin: int, number: int) -> "Parceller":
        """A time line for the next stream of the same leg."""
        return Parceller(origin, number, self._step)

    def add(self, timestamp: int, ticks: int, payload: bytes) -> list[tuple[int, Parcel]]:
        """Lay `payload`, that lasts `ticks` > 0, at `timestamp`; return the parcels it completes."""
        jump = ((timestamp - self._stamp + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        start = self._position + jump
        if jump > 0:
            self._stamp, self._position = timestamp, start
        ready: list[tuple[int, Parcel]] = []
        step = self._step
        for number in range(start // step, (start + ticks - 1) // step + 1):
            covered, payloads = self._partial.pop(number, (0, {}))
            covered += min(start + ticks, (number + 1) * step) - max(start, number * step)
            if start >= number * step:
                payloads[start] = payload
            if covered >= step:
                ready.append((number, tuple(payloads[at] for at in sorted(payloads))))
                continue
            self._partial[number] = (covered, payloads)
            if len(self._partial) > MAX_PARTIAL:
                del self._partial[min(self._partial)]
        return ready

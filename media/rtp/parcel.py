"""Payloads that cannot be cut at will → parcels of 20 ms, numbered by timestamp (RFC 7587 §4.2).

For legs whose Opus or L16 packets are not 20 ms long. A parcel holds the payloads that begin in
its 20 ms; what they last beyond belongs to the following parcels, which may be empty. Of one that has to
be played before all of it has come, the jitter buffer finds in `partial` what is there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from media.frame import FRAME_SAMPLES, Frames
from media.rtp.media_time import MediaTime
from media.rtp.reframe import Part

PER_SECOND: Final = 50
MAX_PARTIAL: Final = 8
"Incomplete parcels kept; the oldest goes first."

Parcel = tuple[bytes, ...]
_Pieces = dict[int, tuple[int, bytes]]
"By where they begin: how much of the parcel they last, and payloads, empty if they began before it."


class Parceller:
    """One leg's time line; `origin` is the timestamp at which parcel `number` begins.

    Args:
        step: units of the RTP clock in 20 ms.
        deposit: a parcel → the row (160,) that stands for it in the jitter buffer.
    """

    def __init__(self, origin: int, number: int, step: int, deposit: Callable[[Parcel], Frames]) -> None:
        self._step = step
        self._deposit = deposit
        self._time = MediaTime(origin, number * step, PER_SECOND * step)
        self._partial: dict[int, _Pieces] = {}
        self.partial: Mapping[int, Part] = Partial(self._partial, step, deposit)
        self.spurt = False
        "A talk spurt has begun, and no parcel of it is whole yet."

    def anew(self, origin: int, number: int) -> "Parceller":
        """A time line for the next stream of the same leg."""
        return Parceller(origin, number, self._step, self._deposit)

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
                ready.append((number, _in_order(parts)))
                continue
            self._partial[number] = parts
            if len(self._partial) > MAX_PARTIAL:
                del self._partial[min(self._partial)]
        return ready


class Partial(Mapping[int, Part]):
    """Parcels that have come in part, by number, as the jitter buffer asks for them."""

    def __init__(self, parts: Mapping[int, _Pieces], step: int, deposit: Callable[[Parcel], Frames]) -> None:
        self._parts = parts
        self._step = step
        self._deposit = deposit

    def __getitem__(self, number: int) -> Part:
        pieces, step = self._parts[number], self._step
        there = np.zeros(FRAME_SAMPLES, np.bool_)
        for start, (lasts, _) in pieces.items():
            begins = max(start - number * step, 0)
            there[begins * FRAME_SAMPLES // step : (begins + lasts) * FRAME_SAMPLES // step] = True
        return self._deposit(_in_order(pieces)), there

    def __iter__(self) -> Iterator[int]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _in_order(pieces: _Pieces) -> Parcel:
    return tuple(pieces[at][1] for at in sorted(pieces) if pieces[at][1])

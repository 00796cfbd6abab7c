"""Two legs that meet on two workers: each is bridged to a leg of an internal pair that talks RTP on loopback.

::

    leg ─ Bridge ─ near ══ RTP, L16 at 16 kHz ══ far ─ Bridge ─ peer
    └──── worker of leg ───┘                     └── worker of peer ──┘

Sans-I/O: commands are returned as (worker, command) pairs. A pair adds the wait of one more jitter buffer.
"""

from dataclasses import dataclass, field
from typing import Final

from media.port import Allocate, Allocated, Bridge, Codec, Command, Connect, LegId, Release

ADDRESS: Final = "127.0.0.1"
CODEC: Final = Codec("l16", 112, 16_000)
DIGITS: Final = 101
"Payload type of telephone-event."

PREFIX: Final = "pair "
"Of the ids of internal legs."

Orders = list[tuple[int, Command]]


@dataclass(slots=True, eq=False)
class Pair:
    number: int
    leg: tuple[int, LegId]
    "(worker, leg)"
    peer: tuple[int, LegId]
    relay_digits: bool
    _ports: dict[LegId, int] = field(default_factory=dict)

    @property
    def near(self) -> LegId:
        return LegId(f"{PREFIX}{self.number}/near")

    @property
    def far(self) -> LegId:
        return LegId(f"{PREFIX}{self.number}/far")

    def ends(self) -> tuple[tuple[int, LegId], tuple[int, LegId]]:
        """The pair, with the worker of each."""
        return (self.leg[0], self.near), (self.peer[0], self.far)

    def open(self) -> Orders:
        return [(worker, Allocate(end, ADDRESS)) for worker, end in self.ends()]

    def allocated(self, event: Allocated) -> Orders:
        """One end has its port; when both have, they are connected."""
        self._ports[event.leg] = event.port
        if len(self._ports) < 2:
            return []
        orders: Orders = []
        for (worker, end), (_, other), (_, leg) in zip(
            self.ends(), reversed(self.ends()), (self.leg, self.peer), strict=True
        ):
            remote = (ADDRESS, self._ports[other])
            orders.append((worker, Connect(end, remote, CODEC, (CODEC,), DIGITS)))
            orders.append((worker, Bridge(leg, end, self.relay_digits)))
        return orders

    def close(self) -> Orders:
        return [(worker, Release(end)) for worker, end in self.ends()]

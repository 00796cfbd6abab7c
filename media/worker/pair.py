"""What meets on two workers: a leg is bridged to one end of an internal pair, whose other end stands for it.

::

    leg ─ Bridge ─ near ══ RTP, L16 at 16 kHz ══ far ─ Bridge ─ peer, or Join ─ room
    └──── worker of leg ───┘                     └── worker of peer or room ──┘

Sans-I/O: commands are returned as (worker, command) pairs. A pair adds the wait of one more jitter buffer.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from media.port import (
    Allocate,
    Allocated,
    Bridge,
    ChangeRole,
    Codec,
    Command,
    Connect,
    Join,
    LegId,
    Release,
    Role,
)

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
    there: int
    "Worker of `meets`."
    meets: Bridge | Join
    "What the edge asked for; its `leg` is ours."
    _ports: dict[LegId, int] = field(default_factory=dict)

    @property
    def near(self) -> LegId:
        return LegId(f"{PREFIX}{self.number}/near")

    @property
    def far(self) -> LegId:
        return LegId(f"{PREFIX}{self.number}/far")

    def ends(self) -> tuple[tuple[int, LegId], tuple[int, LegId]]:
        """The pair, with the worker of each."""
        return (self.leg[0], self.near), (self.there, self.far)

    def open(self) -> Orders:
        return [(worker, Allocate(end, ADDRESS)) for worker, end in self.ends()]

    def allocated(self, event: Allocated) -> Orders:
        """One end has its port; when both have, they are connected."""
        self._ports[event.leg] = event.port
        if len(self._ports) < 2:
            return []
        orders: Orders = []
        for (worker, end), (_, other) in (self.ends(), self.ends()[::-1]):
            remote = (ADDRESS, self._ports[other])
            orders.append((worker, Connect(end, remote, CODEC, (CODEC,), DIGITS)))
        meets, (worker, leg) = self.meets, self.leg
        if isinstance(meets, Bridge):
            orders.append((worker, Bridge(leg, self.near, meets.relay_digits)))
            orders.append((self.there, Bridge(meets.peer, self.far, meets.relay_digits)))
        else:
            orders.append((worker, Bridge(leg, self.near)))
            orders.append((self.there, replace(meets, leg=self.far, partner=False)))
        return orders

    def change(self, role: Role) -> Orders:
        """The leg has another role in the room."""
        assert isinstance(self.meets, Join), "only members have roles"
        self.meets = replace(self.meets, role=role)
        # Told too early it is ignored, and the join brings it.
        return [(self.there, ChangeRole(self.far, role))]

    def close(self) -> Orders:
        return [(worker, Release(end)) for worker, end in self.ends()]

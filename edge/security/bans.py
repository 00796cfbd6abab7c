"""The bans in force, by network: each ends by itself, or when somebody lifts it.

Beyond the limit, the ban that would end first gives way.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable

from edge.security.ban import Ban, BanRecord, Keeper, Rule
from edge.security.network import NetworkTable, bannable


class Bans:
    def __init__(
        self, limit: int, keeper: Keeper, wall: Callable[[float], int], over: Callable[[str], None]
    ) -> None:
        """
        Args:
            wall: monotonic seconds → ms UTC.
            over: told the network of each ban that has ended.
        """
        self._limit = limit
        self._keeper = keeper
        self._wall = wall
        self._over = over
        self._table: NetworkTable[Ban] = NetworkTable()
        self._ends: list[tuple[float, str]] = []  # heap; bans that ended early leave their entry behind
        self.begun: Counter[Rule] = Counter()

    def __len__(self) -> int:
        return len(self._table)

    def find(self, address: str) -> Ban | None:
        """That of the smallest network around `address`."""
        return self._table.find(address)

    def records(self, now: float) -> list[BanRecord]:
        self.expire(now)
        return [ban.record(self._wall(now), now) for ban in self._table.values()]

    def put(self, ban: Ban, seconds: float, now: float) -> None:
        """Begin a ban, in place of one of the same network. Args: seconds: how long it was set to be."""
        self.expire(now)
        if self._table.get(ban.network) is None and len(self._table) >= self._limit:
            self._yield_one(now)
        self._table.put(ban.network, ban)
        heapq.heappush(self._ends, (ban.until, ban.network))
        if len(self._ends) > 2 * len(self._table) + 64:
            self._ends = [(held.until, held.network) for held in self._table.values()]
            heapq.heapify(self._ends)
        self.begun[Rule(ban.rule)] += 1
        self._keeper.banned(ban.record(self._wall(now), now), seconds)

    def lift(self, network: str, now: float) -> bool:
        """End the ban of exactly this network; False: there is none."""
        self.expire(now)
        ban = self._table.get(network)
        if ban is not None:
            self._lift(ban, now)
        return ban is not None

    def lift_within(self, network: str, now: float) -> list[str]:
        """End the bans inside `network`, and that of the prefix it would be banned by; their networks."""
        self.expire(now)
        hit = self._table.within(network)
        around = self._table.get(bannable(network) or network)
        if around is not None and around.network not in hit:
            hit.append(around.network)
        for name in hit:
            if (ban := self._table.get(name)) is not None:
                self._lift(ban, now)
        return hit

    def load(self, records: Iterable[BanRecord], now: float) -> None:
        """What the former run left behind, as far as it has not run out."""
        wall = self._wall(now)
        for record in records:
            until = now + (record.expires_at - wall) / 1000
            if until <= now or len(self._table) >= self._limit:
                continue
            ban = Ban(
                record.network,
                record.rule,
                until,
                count=record.count,
                first_seen=now + (record.first_seen - wall) / 1000,
                now=now + (record.last_seen - wall) / 1000,
                user_agent=record.user_agent,
                note=record.note,
            )
            self._table.put(ban.network, ban)
            heapq.heappush(self._ends, (until, ban.network))

    def expire(self, now: float) -> None:
        """Forget bans that ran out. Nobody must call it in time: a ban that ran out bans nobody."""
        ends = self._ends
        while ends and ends[0][0] <= now:
            until, network = heapq.heappop(ends)
            ban = self._table.get(network)
            if ban is not None and ban.until == until:
                self._drop(ban)
                self._keeper.ended(ban.record(self._wall(now), now))

    # Inside.

    def _yield_one(self, now: float) -> None:
        """End the ban that would end first anyway."""
        while self._ends:
            until, network = heapq.heappop(self._ends)
            ban = self._table.get(network)
            if ban is not None and ban.until == until:
                self._lift(ban, now)
                return

    def _lift(self, ban: Ban, now: float) -> None:
        wall = self._wall(now)
        record = ban.record(wall, now, lifted_at=wall)
        self._drop(ban)
        self._keeper.ended(record)

    def _drop(self, ban: Ban) -> None:
        self._table.pop(ban.network)
        ban.until = 0.0  # for sources that still point to it
        self._over(ban.network)

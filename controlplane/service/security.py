"""Bans and allowed addresses: those of this node in memory, those that other nodes report, and their past.

What is asked for here is done at once in the ban engine, and answered when it is on disk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from controlplane.store import ban
from controlplane.store.ban import NodeBan
from controlplane.store.store import Store
from edge.error import Refusal
from edge.security.ban import BanRecord
from edge.security.network import bannable, covers, network_of
from edge.security.shield import Shield

STATUSES: Final = ("active", "expired", "unbanned")
_PAGE: Final = 500
_PAGES: Final = 40  # looked through for flagged bans

BanRow = dict[str, object]
"Times in it are whole seconds UTC, as nodes report them."


@dataclass(frozen=True, slots=True)
class Clock:
    now: Callable[[], float]
    "Monotonic [s]."
    wall_ms: Callable[[], int]


class SecurityService:
    """A `Refusal` that a method returns has a status and code for its caller."""

    def __init__(
        self,
        store: Store,
        shield: Shield,
        node: str,
        clock: Clock,
        *,
        trunk_networks: Sequence[str],
        reported_max: int,
    ) -> None:
        self._store = store
        self._shield = shield
        self._node = node
        self._clock = clock
        self.take_trunks(trunk_networks)
        self._reported_max = reported_max

    def take_trunks(self, networks: Sequence[str]) -> None:
        """Args: networks: of all trunks, for bans that are likely a mistake."""
        self._trunks = [found for text in networks if (found := network_of(text)) is not None]

    async def bans(self, *, status: str, q: str, flagged: bool, limit: int) -> list[BanRow] | Refusal:
        """The latest first (S004-68).

        Args:
            status: one of `STATUSES`, or empty for all.
            q: beginning of an address, or part of a reason or User-Agent.
            flagged: only bans that hit a registered phone or a trunk.
        """
        if status and status not in STATUSES:
            return Refusal("bad_parameter", 400, f"no such status: {status}", f"use {', '.join(STATUSES)}")
        live = {record.network: record for record in self._shield.bans(self._clock.now())}
        await self._store.flush()
        wall = self._clock.wall_ms()
        found: list[BanRow] = []
        async with self._store.engine.connect() as connection:
            for page in range(_PAGES):
                rows = await ban.search(
                    connection, status=status, q=q, wall_ms=wall, offset=page * _PAGE, limit=_PAGE
                )
                for row in rows:
                    if row.node == self._node and _status(row, wall) == "active" and row.ban.network in live:
                        row = NodeBan(row.node, live[row.ban.network])
                    shown = self._shown(row, wall)
                    if shown["flagged"] or not flagged:
                        found.append(shown)
                    if len(found) == limit:
                        return found
                if len(rows) < _PAGE:
                    break
        return found

    def locks(self) -> list[BanRow]:
        """Usernames that are not heard from one source each, the latest last."""
        now = self._clock.now()
        before = self._clock.wall_ms() / 1000 - now
        return [
            {
                "ip": lock.source,
                "username": lock.username,
                "count": lock.count + lock.refused,
                "first_seen": int(before + lock.since),
                "expires_at": int(before + lock.until),
                "user_agent": lock.user_agent,
            }
            for lock in self._shield.locks.listed(now)
        ]

    async def ban(self, text: str, seconds: float, note: str) -> BanRow | Refusal:
        network = bannable(text)
        if network is None:
            return _bad_address(text)
        if network.endswith("/0"):
            return Refusal("bad_address", 400, f"{network} covers every address", "name a smaller network")
        record = self._shield.ban(network, seconds, note, self._clock.now())
        if record is None:
            fix = "remove it from security.allow, or the address from the trunk's auth.ip"
            return Refusal("allowed", 409, f"{network} is allowed, and that wins over a ban", fix)
        return await self._kept() or self._shown(NodeBan(self._node, record), self._clock.wall_ms())

    async def lift(self, text: str) -> BanRow | Refusal:
        network = bannable(text)
        if network is None:
            return _bad_address(text)
        if not self._shield.lift(network, self._clock.now()):
            return Refusal(
                "no_such_ban",
                404,
                f"{network} is not banned",
                "GET /security/bans and tandem bans list show what is",
            )
        return await self._kept() or {"ip": network, "status": "unbanned"}

    async def allowed(self) -> list[dict[str, object]]:
        """Those of the configuration, then those added while running."""
        configured: list[dict[str, object]] = [
            {"ip": network, "note": "", "created_at": None, "source": "configuration"}
            for network in self._shield.configured()
        ]
        return configured + [
            {
                "ip": entry.network,
                "note": entry.note,
                "created_at": entry.created_at // 1000,
                "source": "added",
            }
            for entry in self._shield.allowed()
        ]

    async def allow(self, text: str, note: str) -> dict[str, object] | Refusal:
        """Also ends bans of what is allowed now, at once (S004-70)."""
        network = network_of(text)
        if network is None:
            return _bad_address(text)
        entry = self._shield.allow(network, note, self._clock.now())
        if entry is None:
            return Refusal("too_many_allowed", 409, "the list is full", "raise limits.sip.allowed")
        return await self._kept() or {
            "ip": network,
            "note": note,
            "created_at": entry.created_at // 1000,
            "source": "added",
        }

    async def disallow(self, text: str) -> dict[str, object] | Refusal:
        network = network_of(text)
        if network is None:
            return _bad_address(text)
        if not self._shield.disallow(network):
            if network in self._shield.configured():
                fix = "remove it from security.allow of the configuration"
                return Refusal("configured", 409, f"{network} is allowed by the configuration", fix)
            return Refusal(
                "no_such_allow",
                404,
                f"{network} is not in the list",
                "GET /security/allow and tandem allow list show it",
            )
        return await self._kept() or {"ip": network, "removed": True}

    async def report(self, node: str, bans: Sequence[BanRecord]) -> dict[str, object] | Refusal:
        """The bans that `node` has now; one that it had and does not name any more has ended (S004-67)."""
        if node == self._node:
            return Refusal("own_node", 400, f"{node} is this node", "give every node a name of its own")
        if len(bans) > self._reported_max:
            fix = "raise limits.store.bans_reported"
            return Refusal("too_many_bans", 400, f"{len(bans)} bans in one report", fix)
        known: dict[str, BanRecord] = {}
        for record in bans:
            network = network_of(record.network)
            if network is None:
                return _bad_address(record.network)
            known[network] = record
        await self._store.flush()
        wall = self._clock.wall_ms()
        async with self._store.engine.connect() as connection:
            before = await ban.active(connection, node, wall)
        for row in before:
            if row.ban.network not in known:
                self._store.journal.banned(NodeBan(node, row.ban, gone_at=wall))
        for record in known.values():
            self._store.journal.banned(NodeBan(node, record))
        return await self._kept() or {"node": node, "bans": len(known)}

    def wall_ms(self) -> int:
        return self._clock.wall_ms()

    # Inside.

    async def _kept(self) -> Refusal | None:
        await self._store.flush()
        if self._store.journal.last_error:
            return Refusal(
                "not_kept",
                503,
                "it is in force, but could not be stored",
                "check the database; GET /readyz says what is wrong",
            )
        return None

    def _shown(self, row: NodeBan, wall: int) -> BanRow:
        record = row.ban
        return {
            "node": row.node,
            "ip": record.network,
            "reason": str(record.rule),
            "status": _status(row, wall),
            "count": record.count,
            "first_seen": record.first_seen // 1000,
            "last_seen": record.last_seen // 1000,
            "expires_at": record.expires_at // 1000,
            "user_agent": record.user_agent,
            "note": record.note,
            "flagged": self._is_suspect(record.network),
        }

    def _is_suspect(self, network: str) -> bool:
        if self._shield.registered_in(network, self._clock.now()):
            return True
        return any(covers(network, trunk) or covers(trunk, network) for trunk in self._trunks)


def _status(row: NodeBan, wall: int) -> str:
    if row.ban.lifted_at is not None:
        return "unbanned"
    return "expired" if row.gone_at is not None or row.ban.expires_at <= wall else "active"


def _bad_address(text: str) -> Refusal:
    fix = "write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64"
    return Refusal("bad_address", 400, f"{text[:64]!r} is not an address or network", fix)

"""Bans on disk: what is listed, and when it is forgotten (S004-68, S004-73)."""

from controlplane.store import ban
from controlplane.store.ban import NodeBan
from controlplane.store.batch import Batch
from controlplane.store.store import Store
from edge.security.ban import AllowRecord, BanRecord
from tests.support.database import Database

WALL = 1_000_000


def row(network: str, node: str = "a", gone_at: int | None = None, **other: object) -> NodeBan:
    values: dict[str, object] = {
        "network": network,
        "rule": "flood",
        "count": 3,
        "first_seen": WALL - 10,
        "last_seen": WALL,
        "expires_at": WALL + 1_000,
    }
    return NodeBan(node, BanRecord(**(values | other)), gone_at)  # type: ignore[arg-type]


ROWS = [
    row("192.0.2.1", last_seen=5),
    row("192.0.2.1", node="b", last_seen=6),
    row("192.0.2.2", expires_at=WALL - 1, user_agent="friendly-scanner", last_seen=4),
    row("192.0.2.3", lifted_at=WALL - 5, last_seen=3, rule="failed_auth"),
    row("192.0.2.4", gone_at=WALL - 5, last_seen=2),
]


async def found(store: Store, status: str = "", q: str = "", offset: int = 0, limit: int = 100) -> list[str]:
    async with store.engine.connect() as connection:
        rows = await ban.search(connection, status=status, q=q, wall_ms=WALL, offset=offset, limit=limit)
    return [f"{row.node} {row.ban.network}" for row in rows]


async def test_bans_are_found_by_status_address_reason_and_user_agent(database: Database) -> None:
    store = await database.store(lambda: WALL)
    for kept in ROWS:
        store.journal.banned(kept)
    await store.flush()
    everything = ["b 192.0.2.1", "a 192.0.2.1", "a 192.0.2.2", "a 192.0.2.3", "a 192.0.2.4"]
    assert await found(store) == everything
    assert await found(store, offset=1, limit=2) == everything[1:3]
    assert await found(store, "active") == everything[:2]
    assert await found(store, "expired") == [everything[2], everything[4]]
    assert await found(store, "unbanned") == [everything[3]]
    assert await found(store, q="192.0.2.1") == everything[:2] and await found(store, q="92.0") == []
    assert await found(store, q="SCANNER") == [everything[2]] and await found(store, q="auth") == [
        everything[3]
    ]
    assert await found(store, q="%") == []
    await store.close()


async def test_what_holds_comes_back_after_a_restart(database: Database) -> None:
    store = await database.store(lambda: WALL)
    for kept in ROWS:
        store.journal.banned(kept)
    store.journal.allowed("203.0.113.0/24", AllowRecord("203.0.113.0/24", "office", 7))
    store.journal.allowed("203.0.113.9", AllowRecord("203.0.113.9", "", 8))
    store.journal.allowed("203.0.113.9", None)
    await store.close()
    store = await database.store(lambda: WALL)
    assert store.take_bans("a") == [ROWS[0].ban] and store.take_bans("a") == []
    assert store.take_allowed() == [AllowRecord("203.0.113.0/24", "office", 7)]
    await store.close()


def test_a_ban_of_long_ago_is_forgotten_and_one_that_no_database_takes_goes_alone(
    database: Database,
) -> None:
    writer = database.writer(WALL)
    old, new, bad = row("192.0.2.1", expires_at=5), row("192.0.2.2"), row("192.0.2.3", count=2**70)
    writer.write(Batch(bans={(r.node, r.ban.network): r for r in (old, new)}))
    written = writer.write(Batch(prune_bans_before=6))
    assert written.committed
    written = writer.write(
        Batch(
            bans={("a", "192.0.2.3"): bad, ("a", "192.0.2.4"): row("192.0.2.4")},
            allowed={"192.0.2.9": AllowRecord("192.0.2.9", "", 1)},
        )
    )
    assert written.committed and written.rejected == 1
    assert database.rows("SELECT network FROM ban ORDER BY network") == [("192.0.2.2",), ("192.0.2.4",)]
    assert database.rows("SELECT network FROM allowed_network") == [("192.0.2.9",)]
    writer.close()

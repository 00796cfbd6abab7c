"""Service level, abandoned callers and all else that queues count, day by day: it survives a restart.

::

    edge/acd Tally (since the start) ── once a second, what was added ──▶ store/queue_day ──▶ GET /queues/days

A crash loses the last second. A day is one of the account's own calendar (`timezone`).
"""

import datetime
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol

from controlplane.service.outside import Json
from controlplane.store import queue_day
from controlplane.store.queue_day import QueueDay, added
from controlplane.store.store import Store
from controlplane.store.table import QUEUE_DAY_COUNTS
from edge.acd.tally import Ledger, Tally
from edge.directory import AccountId, Directory
from edge.error import Refusal

INTERVAL: Final = 1.0
"Between two looks at what was added [s]."
ROWS: Final = 5_000
"In one answer."

_NOTHING: Final = (0,) * len(QUEUE_DAY_COUNTS)


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> Handle: ...


class QueueDays:
    def __init__(
        self, ledger: Ledger, directory: Directory, store: Store, clock: Clock, wall: Callable[[float], int]
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._store = store
        self._clock = clock
        self._wall = wall
        self._saved: dict[tuple[AccountId, str], tuple[int, ...]] = {}
        self._timer: Handle | None = None

    def start(self) -> None:
        self.save()
        self._timer = self._clock.call_at(self._clock.time() + INTERVAL, self.start)

    def stop(self) -> None:
        self.save()
        if self._timer is not None:
            self._timer.cancel()

    def save(self) -> None:
        """Hand what was counted since the last time to the journal."""
        wall = self._wall(self._clock.time())
        for (account, queue), tally in self._ledger.tallies.items():
            counts, before = _counts(tally), self._saved.get((account, queue), _NOTHING)
            if counts != before:
                more = added(counts, [-count for count in before])
                self._saved[account, queue] = counts
                self._store.journal.queue_day(QueueDay(account, queue, self._day(account, wall), more))

    async def show(self, account: str, since: str = "", until: str = "") -> Json | Refusal:
        """Args: since, until: days, both included; empty: whatever is kept."""
        of = self._directory.account(AccountId(account))
        if of is None:
            fix = "name one by its id"
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", fix)
        if not all(day == "" or _is_day(day) for day in (since, until)):
            fix = "write days as 2026-11-28"
            return Refusal("bad_parameter", 400, "since and until are days", fix)
        self.save()
        await self._store.flush()
        async with self._store.engine.connect() as connection:
            rows = await queue_day.of_account(connection, of.id, since, until or "9999-12-31", ROWS)
        return {"account_id": of.id, "days": [_shown(row) for row in rows]}

    # Inside.

    def _day(self, account: AccountId, wall: int) -> str:
        of = self._directory.account(account)
        zone = _zone(of.timezone if of is not None else "UTC")
        return datetime.datetime.fromtimestamp(wall / 1000, zone).date().isoformat()


def _counts(tally: Tally) -> tuple[int, ...]:
    """As `QUEUE_DAY_COUNTS` names them."""
    whole = (getattr(tally, "left" if name == "left_early" else name) for name in QUEUE_DAY_COUNTS[:-1])
    return (*whole, round(tally.waited * 1000))


def _shown(row: QueueDay) -> Json:
    counts = dict(zip(QUEUE_DAY_COUNTS, row.counts, strict=True))
    answered, of = counts["answered"], counts["answered"] + counts["abandoned"]
    waited = counts.pop("waited_ms")
    return {
        "name": row.queue,
        "day": row.day,
        **counts,
        "service_level": round(counts["in_time"] / of, 4) if of else None,
        "average_wait": round(waited / 1000 / answered, 3) if answered else None,
    }


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@lru_cache(maxsize=1_024)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)

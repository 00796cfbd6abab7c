"""Calls for those who ask: what is up, what was, and what happened in one of them (S004-62, S004-63)."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import orjson

from controlplane.store import call, trace
from controlplane.store.plain import dump
from controlplane.store.store import Store
from edge.journal import CallId, TraceEvent

LiveTrace = Callable[[CallId], Sequence[TraceEvent]]
"Trace rows that the edge has not handed to the journal yet."

TraceRow = dict[str, object]
"seq, ts, layer, event, node_id, outcome, data."

Page = tuple[int, str]
"Where a page begins: after the call that started then [ms UTC] and has this id, newest first."


def page_of(text: str) -> Page | None:
    """Of `next` in an answer, or a time alone: what began before. None: it is neither."""
    at, _, id = text.partition("/")
    # No longer than any time in ms: SQLite takes 64 bits.
    return (int(at), id) if at.isascii() and at.isdigit() and len(at) <= 15 else None


class CallService:
    def __init__(self, store: Store, live_trace: LiveTrace, page_rows: int) -> None:
        self._store = store
        self._live_trace = live_trace
        self._page_rows = page_rows

    async def recent(
        self, *, account: str = "", before: Page | None = None, limit: int = 50
    ) -> dict[str, object]:
        """Calls that are up and calls that ended, newest first; `next` is where the next page begins.

        Args:
            account: whose calls; empty: everybody's.
            before: a page of ended calls alone; None: the first page.
            limit: rows of each list, at most `page_rows`.
        """
        limit = max(1, min(limit, self._page_rows))
        await self._store.flush()
        async with self._store.engine.connect() as connection:
            live = await call.open_calls(connection, account=account, limit=limit) if before is None else []
            ended = await call.latest(connection, account=account, before=before, limit=limit)
        return {
            "live": [asdict(row) for row in live],
            "ended": [asdict(row) for row in ended],
            "next": f"{ended[-1].started_at}/{ended[-1].id}" if len(ended) == limit else None,
        }

    async def find(self, name: str, account: str = "") -> dict[str, object] | None:
        """One call by our id or SIP Call-ID; of several the newest. The state is `live` or `ended`.

        Args: account: whose it must be; empty: anybody's.
        """
        await self._store.flush()
        async with self._store.engine.connect() as connection:
            if live := await call.open_calls(connection, name, account=account, limit=1):
                return {"state": "live", **asdict(live[0])}
            ended = await call.find(connection, name, account=account)
        return None if ended is None else {"state": "ended", **asdict(ended)}

    async def trace(self, name: str, account: str = "") -> list[TraceRow] | None:
        """Every row of one call so far, sorted by ts, then seq; None: there is no such call.

        Args: account: whose it must be; empty: anybody's, also of what never became a call.
        """
        found = await self.find(name, account)
        if found is None and account:
            return None
        call_id = CallId(name if found is None else str(found["id"]))
        # Taken first: a row may then be seen twice, but never missed.
        waiting = (*self._store.journal.unwritten(call_id), *self._live_trace(call_id))
        async with self._store.engine.connect() as connection:
            kept = await trace.of_call(connection, call_id)
        rows = join(kept, orjson.loads(dump([trace.plain(event) for event in waiting])))
        if found is None and not rows:
            return None
        numbered: list[TraceRow] = [{"seq": seq, **row} for seq, row in enumerate(rows, 1)]
        return sorted(numbered, key=lambda row: (row["ts"], row["seq"]))


def join(kept: list[TraceRow], waiting: list[TraceRow]) -> list[TraceRow]:
    """`kept`, then what of `waiting` was not yet written when `kept` was read."""
    for start in range(len(kept) + 1):
        both = min(len(kept) - start, len(waiting))
        if kept[start : start + both] == waiting[:both]:
            return kept + waiting[both:]
    return kept + waiting

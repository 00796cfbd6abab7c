"""What happens in calls, as it happens, for whoever watches `/debug` (S004-64).

::

    edge ──▶ Tapped ──▶ Monitor ──▶ one bounded queue for each watcher ──▶ WebSocket

Without a watcher it costs one look at an empty list. A slow watcher loses rows and is told how many.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.journal import CallId, Cdr, OpenCall, TraceEvent

CALLS_KNOWN: Final = 20_000
"Calls whose account and SIP Call-ID are remembered for filters."

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty: anything."""

    account: str = ""
    call: str = ""
    "Our id or the SIP Call-ID."
    layer: str = ""
    event: str = ""

    def admits(self, row: Row) -> bool:
        return (
            self.account in ("", row["account_id"])
            and self.call in ("", row["call_id"], row["sip_call_id"])
            and self.layer in ("", row["layer"])
            and self.event in ("", row["event"])
        )


@dataclass(slots=True)
class Watcher:
    filter: Filter
    queue: asyncio.Queue[Row]
    dropped: int = 0
    _told: int = field(default=0, repr=False)

    async def next(self) -> Row:
        """The next row; one that tells of lost ones comes before what follows them."""
        if self.dropped > self._told:
            lost, self._told = self.dropped - self._told, self.dropped
            return {"layer": "monitor", "event": "dropped", "count": lost}
        return await self.queue.get()


class Monitor:
    def __init__(self, watchers: int, rows: int) -> None:
        """Args: rows: that wait for one watcher."""
        self._most = watchers
        self._rows = rows
        self._watchers: list[Watcher] = []
        self._calls: OrderedDict[CallId, tuple[str, str]] = OrderedDict()  # → account, SIP Call-ID

    def __len__(self) -> int:
        return len(self._watchers)

    def watch(self, filter: Filter) -> Watcher | None:
        """None: there are enough of them. Give it back to `leave`."""
        if len(self._watchers) >= self._most:
            return None
        watcher = Watcher(filter, asyncio.Queue(self._rows))
        self._watchers.append(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.remove(watcher)

    def opened(self, call: OpenCall) -> None:
        self._know(call.id, call.account, call.sip_call_id)
        if self._watchers:
            data: Row = {"from": call.caller, "to": call.callee, "direction": call.direction}
            self._publish(call.id, call.started_at, "call", "opened", "", data)

    def closed(self, cdr: Cdr) -> None:
        self._know(cdr.id, cdr.account, cdr.sip_call_id)
        if self._watchers:
            data: Row = {"disposition": cdr.disposition, "status": cdr.sip_status, "target": cdr.target}
            self._publish(cdr.id, cdr.ended_at, "call", "closed", cdr.cause, data)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        if self._watchers:
            for event in events:
                self._publish(call, event.ts, event.layer, event.event, event.outcome, event.data)

    def _know(self, call: CallId, account: str, sip_call_id: str) -> None:
        self._calls[call] = account, sip_call_id
        if len(self._calls) > CALLS_KNOWN:
            self._calls.popitem(last=False)

    def _publish(
        self, call: CallId, ts: int, layer: str, event: str, outcome: str, data: dict[str, object]
    ) -> None:
        account, sip_call_id = self._calls.get(call, ("", ""))
        row: Row = {
            "ts": ts,
            "account_id": account,
            "call_id": call,
            "sip_call_id": sip_call_id,
            "layer": layer,
            "event": event,
            "outcome": outcome,
            "data": data,
        }
        for watcher in self._watchers:
            if watcher.filter.admits(row):
                try:
                    watcher.queue.put_nowait(row)
                except asyncio.QueueFull:
                    watcher.dropped += 1

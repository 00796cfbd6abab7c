"""Group commit: what the edge leaves behind → batches for one writer.

::

    promises ────────────┐                    ┌─▶ committed(True | False), on the loop
    opened, closed       ├─▶ batch ─▶ Writer ─┤
    traced, banned       ┘                    └─▶ next batch

A commit starts `batch_delay` after the first promise, at `batch_rows` rows, or `write_behind` after the
first row that nobody waits for; the next one when the former is done. What overflows `queue_rows`: promises
are refused, trace rows are dropped and counted; open calls and CDRs are always kept, and `saturated` tells
admission to refuse new calls. After a failed commit promises are refused, trace rows dropped, and calls and
bans written again; the next try is `RETRY` seconds later, with whatever waits then.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from config.schema import StoreLimits
from controlplane.store.act import Act
from controlplane.store.ban import NodeBan
from controlplane.store.batch import Batch, Written
from controlplane.store.queue_day import Key, QueueDay, added
from controlplane.store.voicemail import Voicemail
from controlplane.store.writer import Writer
from edge.acd.record import Told, Transition
from edge.journal import CallId, Cdr, Change, OpenCall, TraceEvent
from edge.security.ban import AllowRecord

_log = structlog.get_logger(__name__)
_FIX: Final = (
    "free space on its disk, or see to its server; calls go on, registrations are refused until then"
)

RETRY: Final = 1.0
"Pause after a failed commit [s]."
PRUNE_INTERVAL: Final = 1.0
"Old traces, CDRs and bans are looked for this often, when there is something to write [s]."


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The two methods of an event loop that are needed here."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> Handle: ...


class StoreJournal:
    """An `edge.journal.Journal`. Used on the loop alone."""

    def __init__(self, writer: Writer, clock: Clock, wall_ms: Callable[[], int], limits: StoreLimits) -> None:
        self._writer = writer
        self._clock = clock
        self._wall_ms = wall_ms
        self._limits = limits
        self._batch = Batch()
        self._flying = Batch()  # with the writer
        self._waiters: list[Callable[[bool], None]] = []
        self._rows = 0  # in `_batch`
        self._in_flight = 0  # rows in `_flying`, at least 1 while there is one
        self._due: float | None = None
        self._timer: Handle | None = None
        self._timer_at: float | None = None
        self._not_before = 0.0  # after a failed commit
        self._pruned_at = clock.time()
        self.oldest_trace = 0
        "Older chunks go, whatever their age [ms UTC]."
        self.oldest_cdr = 0
        "The same of CDRs."
        self._flushed: list[Callable[[], object]] = []
        self.commits = 0
        self.failures = 0
        self.refused = 0
        "Promises answered False without being tried."
        self.dropped = 0
        "Trace rows lost."
        self.rejected = 0
        "Rows that the database would not take."
        self.last_error = ""
        "Of the latest commit; empty when it succeeded."
        self._failing_since: float | None = None

    @property
    def depth(self) -> int:
        """Rows not on disk yet."""
        return self._rows + self._in_flight

    @property
    def saturated(self) -> bool:
        return self.depth >= self._limits.queue_rows

    # What the edge calls.

    def promise(self, changes: Sequence[Change | Act], committed: Callable[[bool], None]) -> None:
        if self.saturated:
            self.refused += 1
            self._clock.call_at(self._clock.time(), lambda: committed(False))
            return
        self._batch.promises.append(tuple(changes))
        self._waiters.append(committed)
        self._added(len(changes), self._limits.batch_delay)

    def opened(self, call: OpenCall) -> None:
        self._batch.opened[call.id] = call
        self._added(1, self._limits.write_behind)

    def closed(self, cdr: Cdr) -> None:
        self._batch.closed[cdr.id] = cdr
        self._added(1, self._limits.write_behind)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        if self.saturated:
            self.dropped += len(events)
            return
        self._batch.traces.setdefault(call, []).extend(events)
        self._added(len(events), self._limits.write_behind)

    def agent(self, told: Told) -> None:
        self._batch.agents[told.account, told.agent] = told
        self._added(1, self._limits.write_behind)

    def agent_moved(self, row: Transition) -> None:
        if self.saturated:
            self.dropped += 1
            return
        self._batch.moves.append(row)
        self._added(1, self._limits.write_behind)

    def queue_day(self, row: QueueDay) -> None:
        """Add to what a queue did on a day."""
        _add_day(self._batch, (row.account, row.queue, row.day), row.counts)
        self._added(1, self._limits.write_behind)

    def message(self, row: Voicemail) -> None:
        """Keep a message that a caller left; its WAV is there."""
        self._batch.messages[row.key] = row
        self._added(1, self._limits.write_behind)

    def erased(self, key: str) -> None:
        """Forget a message; its WAV goes after this is on disk."""
        self._batch.messages[key] = None
        self._added(1, self._limits.write_behind)

    def banned(self, row: NodeBan) -> None:
        """Keep a ban as it is now, in place of what was kept of it."""
        self._batch.bans[row.node, row.ban.network] = row
        self._added(1, self._limits.write_behind)

    def allowed(self, network: str, record: AllowRecord | None) -> None:
        """Keep an allowed network; None: it is not allowed any more."""
        self._batch.allowed[network] = record
        self._added(1, self._limits.write_behind)

    def unwritten(self, call: CallId) -> tuple[TraceEvent, ...]:
        """Trace rows of one call that are not known to be on disk, oldest first."""
        return (*self._flying.traces.get(call, ()), *self._batch.traces.get(call, ()))

    def flush(self, done: Callable[[], object]) -> None:
        """Write at once what waits; `done` comes when it, and what was under way, is on disk or lost."""
        if self._rows == 0 and self._in_flight == 0:
            self._clock.call_at(self._clock.time(), done)
            return
        self._flushed.append(done)
        self._due = self._clock.time()
        self._settle()

    # Batches.

    def _added(self, rows: int, delay: float) -> None:
        self._rows += rows
        due = self._clock.time() + delay
        if self._due is None or due < self._due:
            self._due = due
        self._settle()

    def _settle(self) -> None:
        """Start a commit that is due, or arm the timer for it."""
        if self._in_flight or self._due is None:
            return
        full = self._rows >= self._limits.batch_rows or self.saturated
        at = max(self._not_before, 0.0 if full else self._due)
        if at <= self._clock.time():
            self._commit()
        elif self._timer_at is None or at < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._clock.call_at(at, self._fire)
            self._timer_at = at

    def _fire(self) -> None:
        # A loop may wake a hair early.
        at, self._timer, self._timer_at = self._timer_at, None, None
        if self._in_flight or self._due is None:
            return
        if at is not None and max(self._due, self._not_before) <= at:
            self._commit()
        else:
            self._settle()

    def _commit(self) -> None:
        batch, waiters, rows = self._batch, self._waiters, self._rows
        self._batch, self._waiters, self._rows, self._due = Batch(), [], 0, None
        self._flying, self._in_flight = batch, max(rows, 1)
        now = self._clock.time()
        if now - self._pruned_at >= PRUNE_INTERVAL:
            self._pruned_at = now
            batch.prune_before = max(self._ago(self._limits.traces_kept), self.oldest_trace)
            batch.prune_cdrs_before = max(self._ago(self._limits.cdrs_kept), self.oldest_cdr)
            batch.prune_bans_before = self._ago(self._limits.bans_kept)
        self._writer.submit(batch, lambda written: self._finished(batch, waiters, written))

    def _ago(self, seconds: float) -> int:
        return self._wall_ms() - int(seconds * 1000)

    def _finished(self, batch: Batch, waiters: list[Callable[[bool], None]], written: Written) -> None:
        self._flying, self._in_flight = Batch(), 0
        self.rejected += written.rejected
        self._tell(written)
        self.last_error = written.error
        if written.committed:
            self.commits += 1
        else:
            self.failures += 1
            # Also with nothing to write: how else would we learn that the disk is well again?
            self._due = self._not_before = self._clock.time() + RETRY
            self._keep(batch)
        for committed, good in zip(waiters, written.kept, strict=True):
            committed(good)
        if self._flushed and (self._rows == 0 or not written.committed):
            flushed, self._flushed = self._flushed, []
            for done in flushed:
                done()
        elif self._flushed:
            self._due = self._clock.time()
        self._settle()

    def _tell(self, written: Written) -> None:
        """Log the first failure of a row, and its end: whoever reads the log at night has no metrics."""
        now = self._clock.time()
        if written.committed:
            if self._failing_since is not None:
                _log.warning("the database can be written again", after_s=round(now - self._failing_since, 1))
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = now
            _log.error("the database cannot be written", why=written.error, fix=_FIX)

    def _keep(self, batch: Batch) -> None:
        """Put calls and bans of a failed batch in front of what waits now."""
        self.dropped += sum(map(len, batch.traces.values()))
        ahead = self._batch
        ahead.opened = batch.opened | ahead.opened
        ahead.closed = batch.closed | ahead.closed
        ahead.messages = batch.messages | ahead.messages
        ahead.bans = batch.bans | ahead.bans
        ahead.allowed = batch.allowed | ahead.allowed
        ahead.agents = batch.agents | ahead.agents
        ahead.moves = batch.moves + ahead.moves
        for key, counts in batch.queue_days.items():
            _add_day(ahead, key, counts)
        self._rows += len(batch.opened) + len(batch.closed) + len(batch.messages) + len(batch.queue_days)
        self._rows += len(batch.bans) + len(batch.allowed) + len(batch.agents) + len(batch.moves)


def _add_day(batch: Batch, key: Key, counts: tuple[int, ...]) -> None:
    before = batch.queue_days.get(key)
    batch.queue_days[key] = counts if before is None else added(before, counts)

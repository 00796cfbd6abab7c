"""Traces on their way to the journal: SIP messages find their call, rows leave in batches (S004-62).

The first row that waits sets its trace's deadline, one second on; all deadlines are equally long, so
a queue keeps them in order. What a call still holds when its last session is done is written at once.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from edge.call.call import Call
from edge.journal import Journal
from edge.sessions import SessionTable
from edge.sip.effect import Send
from edge.sip.flow import Flow
from edge.trace.attempts import Attempts
from edge.trace.trace import Trace

TRACE_SECONDS = 1.0
"Longest that a row of a live call's trace waits for the journal [s]."

_TRYING: Final = b"SIP/2.0 100 "  # of every call, and says no more than that its INVITE is here


class Logbook:
    def __init__(
        self, journal: Journal, sessions: SessionTable, wall: Callable[[float], int], attempts: int
    ) -> None:
        """Args: attempts: how many of those that nobody has proven yet are remembered."""
        self.attempts = Attempts(journal, wall, attempts)
        self._journal = journal
        self._sessions = sessions
        self._waiting: deque[tuple[float, Trace]] = deque()  # in order of deadline

    def received(self, sip_call_id: str, data: bytes, flow: Flow, now: float) -> None:
        call = self._sessions.traced(sip_call_id)
        if call is not None:
            call.trace.sip(now, False, data, flow)

    def sent(self, effect: Send, now: float) -> None:
        if not self._sessions.tracing or effect.data.startswith(_TRYING):
            return
        start = effect.data.find(b"\r\nCall-ID: ") + 11
        sip_call_id = effect.data[start : effect.data.find(b"\r\n", start)].decode("utf-8", "surrogateescape")
        call = self._sessions.traced(sip_call_id)
        if call is not None:
            call.trace.sip(now, True, effect.data, effect.flow)

    def wait(self, trace: Trace, now: float) -> None:
        """`trace` has rows for the journal."""
        self._waiting.append((now + TRACE_SECONDS, trace))

    def write_due(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            self._write(self._waiting.popleft()[1])
        self.attempts.write_due(now)

    def finish(self, call: Call) -> None:
        """Nothing more will come of `call`."""
        self._write(call.trace)

    def next_timer_at(self) -> float | None:
        attempt = self.attempts.next_timer_at()
        if not self._waiting:
            return attempt
        row = self._waiting[0][0]
        return row if attempt is None else min(row, attempt)

    def _write(self, trace: Trace) -> None:
        rows = trace.take()
        if rows:
            self._journal.traced(trace.call, rows)

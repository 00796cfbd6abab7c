"""One OpenTelemetry trace per call: gathers what is told of a call, and hands its spans over when it is over.

::

    edge ──▶ Tapped ──▶ Tracing ── spans of a call ──▶ provider/otlp (a thread, a bounded queue)
    AttachAgent, Fetch ◀── traceparent ──┘

Made only when `observe.otlp` is set: else nothing stands in the way of a call, and no package is loaded.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

from controlplane.observe.span import ROOT, Span, agent_span, spans_of
from controlplane.observe.trace_context import HEADER, TraceContext, begun_by, parse, span_id
from edge.flow.command import Fetch
from edge.journal import CallId, Cdr, OpenCall, TraceEvent
from media import port

GRACE: Final = 2.0
"Rows may trail a CDR by a second [s]."
ROWS: Final = 1_000
"Of one call; later ones make no spans."
CONTEXTS: Final = 20_000
"Calls of outside edges whose context is remembered until they begin."


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> Handle: ...


class Exports(Protocol):
    """Neither waits nor raises."""

    def send(self, spans: Sequence[Span], context: TraceContext) -> None: ...


@dataclass(slots=True)
class _Call:
    context: TraceContext
    rows: list[TraceEvent] = field(default_factory=list)
    attached: list[tuple[int, str]] = field(default_factory=list)
    cdr: Cdr | None = None


class Tracing:
    """A `controlplane.observe.tap.Watches`."""

    def __init__(
        self,
        exporter: Exports,
        clock: Clock,
        wall: Callable[[float], int],
        brought: Callable[[CallId], Mapping[str, str]],
        header: str,
        calls: int,
    ) -> None:
        """
        Args:
            brought: custom header fields that were accepted of the caller.
            header: the one of them that holds a traceparent.
            calls: most calls that are gathered at one time; further ones have no trace.
        """
        self._exporter = exporter
        self._clock = clock
        self._wall = wall
        self._brought = brought
        self._header = header.lower()
        self._most = calls
        self._calls: dict[CallId, _Call] = {}
        self._given: OrderedDict[str, TraceContext] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    # What other doors say.

    def give(self, call: str, text: str) -> None:
        """A request about `call` had this `traceparent`; what is none is passed over."""
        context = parse(text)
        known = self._calls.get(CallId(call))
        if context is None:
            return
        if known is not None:
            known.context = context
            return
        self._given[call] = context
        self._given.move_to_end(call)
        if len(self._given) > CONTEXTS:
            self._given.popitem(last=False)

    # What leaves.

    def attaching(self, command: port.AttachAgent) -> port.AttachAgent:
        """The same with the context in the handshake; an agent's own setting stands."""
        known = self._calls.get(CallId(command.call_id))
        headers = command.agent.headers
        if known is None or _has(headers):
            return command
        known.attached.append((self._wall(self._clock.time()), command.agent.name))
        made = known.context.header(agent_span(command.call_id, len(known.attached)))
        return replace(command, agent=replace(command.agent, headers=(*headers, (HEADER, made))))

    def fetching(self, fetch: Fetch, call: str) -> Fetch:
        """The same with the context of `call`."""
        known = self._calls.get(CallId(call))
        context = known.context if known is not None else self._given.get(call) or begun_by(call)
        if not call or _has(fetch.headers):
            return fetch
        name = f"agent {len(known.attached)}" if known is not None and known.attached else ROOT
        return replace(fetch, headers=(*fetch.headers, (HEADER, context.header(span_id(call, name)))))

    # What the journal is told.

    def opened(self, call: OpenCall) -> None:
        if len(self._calls) >= self._most:
            return
        given = self._given.pop(call.id, None) or self._given.pop(call.sip_call_id, None)
        if given is None:
            fields = self._brought(call.id)
            text = next((value for name, value in fields.items() if name.lower() == self._header), "")
            given = parse(text)
        self._calls[call.id] = _Call(given or begun_by(call.id))

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        known = self._calls.get(call)
        if known is not None and len(known.rows) < ROWS:
            known.rows += [event for event in events if event.layer != "sip"]

    def closed(self, cdr: Cdr) -> None:
        known = self._calls.get(cdr.id)
        if known is not None:
            known.cdr = cdr
            self._clock.call_at(self._clock.time() + GRACE, partial(self._finish, cdr.id))

    def flush(self) -> None:
        """Hand over what is over, without waiting for late rows."""
        for call in [id for id, known in self._calls.items() if known.cdr is not None]:
            self._finish(call)

    # Inside.

    def _finish(self, call: CallId) -> None:
        known = self._calls.pop(call, None)
        if known is None or known.cdr is None or not known.context.sampled:
            return
        rows = sorted(known.rows, key=lambda row: row.ts)
        self._exporter.send(spans_of(known.cdr, rows, known.attached, known.context), known.context)


def _has(headers: Sequence[tuple[str, str]]) -> bool:
    return any(name.lower() == HEADER for name, _ in headers)

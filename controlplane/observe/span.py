"""The spans of one call, read off its CDR and the rows of its trace when it is over.

::

    call ─┬─ auth ─ route ─ admission          each until the last row of its layer
          ├─ flow NODE …                       one for each node, in turn
          ├─ leg SIDE …                        each side that had audio
          └─ agent 1, agent 2 …                from the dialling of its socket to its end

Nothing here tells a number or a name of a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controlplane.observe.trace_context import TraceContext, span_id
from edge.journal import Cdr, TraceEvent

Value: TypeAlias = str | int | float | bool
STAGES: Final = ("auth", "route", "admission")
_GONE: Final = frozenset({"AgentEnded", "AgentFailed"})
ROOT: Final = ""
"Name by which the span of the call itself has its id."


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    id: int
    parent: int
    "0: none."
    started_at: int
    "[ms UTC]"
    ended_at: int
    "[ms UTC]"
    kind: str = "internal"
    "server: somebody asked us; client: we ask somebody."
    failed: str = ""
    "Why; empty: it went well."
    attributes: dict[str, Value] = field(default_factory=dict)


def agent_span(call: str, number: int) -> int:
    """Id of the span of the call's agent `number`, from 1."""
    return span_id(call, f"agent {number}")


def spans_of(
    cdr: Cdr, rows: Sequence[TraceEvent], attached: Sequence[tuple[int, str]], context: TraceContext
) -> list[Span]:
    """The call's span comes first. Args: attached: when each agent was dialled [ms UTC], and its name."""
    root = span_id(cdr.id, ROOT)
    broken = cdr.disposition in ("failed", "interrupted") or cdr.sip_status >= 500
    call = Span(
        "call",
        root,
        context.parent,
        cdr.started_at,
        cdr.ended_at,
        "server",
        cdr.cause if broken else "",
        {
            "tandem.call_id": cdr.id,
            "tandem.account_id": cdr.account,
            "tandem.direction": cdr.direction,
            "tandem.target": cdr.target.partition(":")[0],
            "tandem.disposition": cdr.disposition,
            "tandem.cause": cdr.cause,
            "sip.status_code": cdr.sip_status,
            **({} if cdr.queue is None else {"tandem.queue": cdr.queue}),
        },
    )
    parts = (_stages(cdr, rows), _nodes(cdr, rows), _legs(cdr, rows), _agents(cdr, rows, attached))
    return [call, *(span for part in parts for span in part)]


def _stages(cdr: Cdr, rows: Sequence[TraceEvent]) -> Iterator[Span]:
    began = cdr.started_at
    for layer in STAGES:
        of = [row for row in rows if row.layer == layer and (layer != "route" or row.event != "ring")]
        if not of:
            continue
        ended = max(began, of[-1].ts)
        told: dict[str, Value] = {"tandem.event": of[-1].event}
        if layer == "admission":  # what was admitted or not, without a number
            told["tandem.outcome"] = of[-1].outcome
        yield _child(cdr, layer, began, ended, told)
        began = ended


def _nodes(cdr: Cdr, rows: Sequence[TraceEvent]) -> Iterator[Span]:
    visits: list[tuple[str, int]] = []
    for row in rows:
        if row.layer == "flow" and row.node_id and (not visits or visits[-1][0] != row.node_id):
            visits.append((row.node_id, row.ts))
    for number, (node, began) in enumerate(visits):
        ended = visits[number + 1][1] if number + 1 < len(visits) else cdr.ended_at
        yield _child(cdr, f"flow {node}", began, ended, {"tandem.node": node}, number)


def _legs(cdr: Cdr, rows: Sequence[TraceEvent]) -> Iterator[Span]:
    for side, heard in cdr.media.items():
        of = (row.ts for row in rows if row.data.get("side") == side)
        began = cdr.started_at if side == "caller" else next(of, cdr.answered_at or cdr.started_at)
        told: dict[str, Value] = {"tandem.side": side}
        for name, value in heard.items() if isinstance(heard, dict) else ():
            if name in ("codec", "mos", "lost", "jitter_ms", "no_audio") and isinstance(
                value, str | int | float
            ):
                told[f"tandem.{name}"] = value
        yield _child(cdr, f"leg {side}", began, cdr.ended_at, told)


def _agents(cdr: Cdr, rows: Sequence[TraceEvent], attached: Sequence[tuple[int, str]]) -> Iterator[Span]:
    for number, (began, name) in enumerate(attached, 1):
        next_began = attached[number][0] if number < len(attached) else None
        gone = next((row for row in rows if row.event in _GONE and row.ts >= began), None)
        if gone is not None and (next_began is None or gone.ts <= next_began):
            ended = gone.ts
        else:
            gone, ended = None, cdr.ended_at if next_began is None else next_began
        failed = str(gone.data.get("reason", "failed")) if gone and gone.event == "AgentFailed" else ""
        told: dict[str, Value] = {"tandem.agent": name}
        yield Span(
            "agent",
            agent_span(cdr.id, number),
            span_id(cdr.id, ROOT),
            began,
            max(began, ended),
            "client",
            failed,
            told,
        )


def _child(
    cdr: Cdr, name: str, began: int, ended: int, attributes: dict[str, Value], number: int = 0
) -> Span:
    """Args: number: tells spans of the same name apart."""
    id = span_id(cdr.id, f"{name} {number}")
    return Span(name, id, span_id(cdr.id, ROOT), began, max(began, ended), attributes=attributes)

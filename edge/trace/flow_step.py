"""What a step of a flow leaves in the trace, whoever carries the call (S004-63)."""

from typing import Final

from edge.flow.command import params
from edge.flow.machine import State
from edge.trace.trace import Trace

WHY_CHARACTERS: Final = 256


def tell(trace: Trace, state: State, now: float) -> None:
    """The nodes that were left and the command that came of it; secrets are masked."""
    for visit in state.visits:
        changed = dict(visit.data)
        trace.add(
            now, "flow", visit.kind, visit.outcome, visit.node_id, changed=changed, **_why(state, visit.why)
        )
    if state.fault:
        trace.add(now, "flow", "fault", outcome="hangup", node_id=state.node.id, text=state.fault)
    issued = state.issued
    shown = params(issued.command)
    if state.secrets:
        shown = {
            name: state.masked(value) if isinstance(value, str) else value for name, value in shown.items()
        }
    name = type(issued.command).__name__.lower()
    trace.add(
        now, "flow", "command", name, issued.node_id, seq=issued.seq, params=shown, **_why(state, state.why)
    )


def _why(state: State, said: str) -> dict[str, str]:
    return {"text": state.masked(said)[:WHY_CHARACTERS]} if said else {}

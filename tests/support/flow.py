"""Flows for tests: a program of one or several documents, and a walk through it outcome by outcome."""

from collections.abc import Mapping

from config.schedule import Schedule
from config.schema import FlowLimits
from edge.flow.command import Issued
from edge.flow.document import read_flow
from edge.flow.machine import Program, State, begin, step
from edge.flow.scene import Outcome
from edge.flow.value import Value

MONDAY_NOON = 1_767_614_400_000
"2026-01-05 12:00 UTC [ms]."


def program(
    main: str,
    *,
    schedules: Mapping[str, Schedule] | None = None,
    limits: FlowLimits | None = None,
    **more: str,
) -> Program:
    """Args: main: document of the flow `main`; more: documents of others by name."""
    flows = {
        name: read_flow(text, f"{name}.yaml", name=name).flow for name, text in {"main": main, **more}.items()
    }
    return Program(flows, schedules or {}, "UTC", limits or FlowLimits())


def node(fields: str, *exits: str) -> str:
    """A document: one node `it` of `fields`, whose outcomes lead to a hangup of the same name."""
    ways = "".join(f'      "{name}": "{name}"\n' for name in exits)
    ends = "".join(f'  "{name}": {{kind: hangup}}\n' for name in exits)
    inner = "".join(f"    {line}\n" for line in fields.strip().splitlines())
    return f"nodes:\n  it:\n{inner}    next:\n{ways}{ends}"


class Walk:
    """A call in the machine alone."""

    def __init__(
        self, source: Program | str, variables: Mapping[str, Value] | None = None, wall: int = MONDAY_NOON
    ) -> None:
        self.program = source if isinstance(source, Program) else program(source)
        self.wall = wall
        begun = begin(self.program, "main", variables or {}, wall)
        assert begun is not None
        self.state: State
        self.issued: Issued
        self.state, self.issued = begun

    def step(self, outcome: str, **data: Value) -> "Walk":
        self.state, self.issued = step(self.state, Outcome(outcome, data), self.wall)
        return self

    @property
    def command(self) -> object:
        return self.issued.command

    @property
    def at(self) -> str:
        """The node that gave the last command."""
        return self.issued.node_id

    @property
    def variables(self) -> Mapping[str, Value]:
        return self.state.variables

    @property
    def left(self) -> list[tuple[str, str]]:
        """Nodes and outcomes of the last step."""
        return [(visit.node_id, visit.outcome) for visit in self.state.visits]

"""The flow machine: one call's way through the graph, as a pure function (S004-29…37).

::

    begin(program, flow, variables, wall) ─▶ State, Issued
    step(state, outcome, wall)            ─▶ State, Issued

A state is a value: the same state and outcome give the same command, whoever carries it out. It holds the
`Program` that the call began with, so a reload never changes a call under way. An outcome without an edge
goes by `default`, else the call hangs up; in a sub-flow it returns. After `steps_without_media` nodes that
gave the caller nothing to hear, the call hangs up and its trace says why.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Final

from config.schedule import Schedule
from config.schema import FlowLimits
from config.value import dataclass
from edge.flow.command import Command, Hangup, Issued
from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Enter, Leave, Memory, Outcome, Scene
from edge.flow.value import Value, bounded, text_of

STACK_MAX: Final = 8
"Sub-flows within each other."

_FRUITLESS: Final = frozenset({"failed", "error", "no_answer", "busy"})
"Outcomes that may come at once: a loop over them is a loop without media."


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    data: NodeData
    edges: Mapping[str, str]
    "Outcome → id of the next node."


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    version: str
    "Of its text."
    entry: str
    nodes: Mapping[str, Node]
    variables: Mapping[str, Value] = field(default_factory=dict)
    "Values at the start."

    @property
    def records(self) -> bool:
        return any(node.data.records for node in self.nodes.values())


@dataclass(frozen=True, slots=True)
class Program:
    """All flows of an account at one time, with what they look up."""

    flows: Mapping[str, Flow] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    timezone: str = "UTC"
    limits: FlowLimits = field(default_factory=FlowLimits)


@dataclass(frozen=True, slots=True)
class Visit:
    """A node that was left, for the trace."""

    node_id: str
    kind: str
    outcome: str
    data: Mapping[str, Value] = field(default_factory=dict)
    "Variables that changed; secrets are masked."
    why: str = ""
    "What the command that ended there said of it; may hold secrets."


_NOTHING: Final = Issued(0, "", Hangup())


@dataclass(frozen=True, slots=True)
class State:
    program: Program
    flow: Flow
    node: Node
    variables: Mapping[str, Value]
    secrets: frozenset[str] = frozenset()
    memory: Memory = ()
    stack: tuple[tuple[Flow, Node], ...] = ()
    "Sub-flow nodes that wait, outermost first."
    idle: int = 0
    "Nodes since the caller heard something."
    issued: Issued = _NOTHING
    ended: bool = False
    visits: tuple[Visit, ...] = ()
    "Of the last step."
    fault: str = ""
    "Why the machine itself hung up; empty when the flow did."
    why: str = ""
    "What the command that ended said of it, where its node was not left: it goes on with another one."

    def masked(self, text: str) -> str:
        """`text` without the values of secret variables."""
        for name in self.secrets:
            if secret := text_of(self.variables.get(name)):
                text = text.replace(secret, "***")
        return text


def begin(
    program: Program, flow: str, variables: Mapping[str, Value], wall: int
) -> tuple[State, Issued] | None:
    """Enter a flow; None when there is no such flow. Args: wall: [ms UTC]."""
    found = program.flows.get(flow)
    if found is None:
        return None
    given = {name: bounded(value) for name, value in variables.items()}
    node = found.nodes[found.entry]
    state = State(program, found, node, MappingProxyType({**found.variables, **given}))
    return _Walk(state, wall).go(None)


def step(state: State, outcome: Outcome, wall: int) -> tuple[State, Issued]:
    """The command under way has ended with `outcome`; what comes next. After the end it is `hangup` again."""
    if state.ended:
        return state, state.issued
    if outcome.name == "hangup":
        visit = Visit(state.node.id, state.node.data.KIND, "hangup")
        ended = replace(state, ended=True, visits=(visit,), issued=_next(state, Hangup()))
        return ended, ended.issued
    return _Walk(state, wall).go(outcome)


def _next(state: State, command: Command) -> Issued:
    return Issued(state.issued.seq + 1, state.node.id, command)


class _Walk:
    """One step: from node to node until one gives a command."""

    def __init__(self, state: State, wall: int) -> None:
        self._before = state
        self._flow, self._node, self._stack = state.flow, state.node, state.stack
        self._idle = state.idle
        self._visits: list[Visit] = []
        program = state.program
        self._scene = Scene(state.variables, state.secrets, wall, program.timezone, program.schedules.get)
        self._scene.memory = state.memory
        self._seen = self._scene.variables
        self._why = ""

    def go(self, outcome: Outcome | None) -> tuple[State, Issued]:
        scene, limit = self._scene, self._before.program.limits.steps_without_media
        if outcome is not None and self._node.data.MEDIA and outcome.name not in _FRUITLESS:
            self._idle = 0
        scene.edges = self._node.edges
        self._why = "" if outcome is None else outcome.why
        action = self._enter() if outcome is None else self._node.data.resume(scene, outcome)
        while True:
            match action:
                case Leave(name):
                    if not self._leave(name):
                        return self._end(Hangup(), "")
                case Enter(flow):
                    if not self._go_into(flow):
                        action = Leave("failed")
                        continue
                case Hangup():
                    self._visits.append(Visit(self._node.id, self._node.data.KIND, action.cause))
                    return self._end(action, "")
                case command:
                    return self._issue(command)
            if self._idle >= limit:
                return self._end(Hangup("congestion"), f"{limit} nodes without anything to hear")
            action = self._enter()

    # Inside.

    def _enter(self) -> Action:
        self._idle += 1
        self._scene.memory = ()
        self._scene.edges = self._node.edges
        return self._node.data.enter(self._scene)

    def _leave(self, outcome: str) -> bool:
        """Whether there is a next node."""
        while True:
            self._visit(outcome)
            target = target_of(self._node, outcome)
            if target is not None:
                self._node = self._flow.nodes[target]
                return True
            if not self._stack:
                return False
            *outer, (self._flow, self._node) = self._stack
            self._stack = tuple(outer)

    def _go_into(self, name: str) -> bool:
        flow = self._before.program.flows.get(name)
        if flow is None or len(self._stack) >= STACK_MAX:
            return False
        self._visit("entered")
        for variable, value in flow.variables.items():
            if variable not in self._scene.variables:
                self._scene.set(variable, value)
        self._stack = (*self._stack, (self._flow, self._node))
        self._flow, self._node = flow, flow.nodes[flow.entry]
        return True

    def _visit(self, outcome: str) -> None:
        scene = self._scene
        changed: dict[str, Value] = {}
        if scene.variables is not self._seen:
            changed = {
                name: "***" if name in scene.secrets else value
                for name, value in scene.variables.items()
                if self._seen.get(name, changed) is not value
            }
            self._seen = dict(scene.variables)
        why, self._why = self._why if self._why != outcome else "", ""
        self._visits.append(Visit(self._node.id, self._node.data.KIND, outcome, changed, why))

    def _issue(self, command: Command) -> tuple[State, Issued]:
        issued = Issued(self._before.issued.seq + 1, self._node.id, command)
        return self._state(issued, ended=False, fault=""), issued

    def _end(self, hangup: Hangup, fault: str) -> tuple[State, Issued]:
        issued = Issued(self._before.issued.seq + 1, self._node.id, hangup)
        return self._state(issued, ended=True, fault=fault), issued

    def _state(self, issued: Issued, *, ended: bool, fault: str) -> State:
        scene = self._scene
        variables = scene.variables
        if variables is not self._before.variables:
            variables = MappingProxyType(dict(variables))
        return State(
            self._before.program,
            self._flow,
            self._node,
            variables,
            scene.secrets,
            scene.memory,
            self._stack,
            self._idle,
            issued,
            ended,
            tuple(self._visits),
            fault,
            self._why,
        )


def target_of(node: Node, outcome: str) -> str | None:
    """By the outcome's edge, else by `default`; `done` and `default` are the same (S004-35, S004-36)."""
    edges = node.edges
    found = edges.get(outcome)
    if found is None and outcome in node.data.INSTEAD:
        found = edges.get(node.data.INSTEAD[outcome])
    if found is None:
        found = edges.get("default")
    if found is None and outcome == "default":
        found = edges.get("done")
    return found

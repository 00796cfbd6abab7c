"""A flow walked without a phone: outcomes in, what the caller would hear and where the call goes out.

A script keeps expected paths beside a flow::

    paths:
      - name: at night the caller leaves a message
        at: "2026-11-22T22:00:00+01:00"
        variables: {caller: "+4930123"}
        outcomes: [done, done]
        expect: [play vm, record vm, hangup bye]
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError

from config.document import read
from config.error import ConfigError, Problem, did_you_mean, path_text
from config.section import Section, refusal
from config.value import dataclass
from edge.flow.command import Dial, Gather, Issued, params
from edge.flow.given import given
from edge.flow.machine import Program, State, Visit, begin, step
from edge.flow.scene import Outcome
from edge.flow.value import Value

Name = Annotated[str, Field(min_length=1, max_length=200)]

_ALWAYS: Final = ("done", "failed", "error", "default", "hangup")
"Ways that any command may end."
_OF_GATHER: Final = ("timeout", "invalid")
_OF_DIAL: Final = ("answered", "no_answer", "busy", "transferred")
_DIGITS: Final = re.compile(r"digit:[0-9*#]{1,64}")


class ImpossibleError(ValueError):
    """An outcome that the command under way never has."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One command, and the nodes that led to it."""

    visits: tuple[Visit, ...]
    command: str
    "`gather`, `play`…"
    node_id: str
    params: Mapping[str, object]
    ways: tuple[str, ...]
    "Outcomes that have an edge of their own."
    variables: Mapping[str, Value]
    fault: str = ""

    @property
    def heard(self) -> tuple[str, ...]:
        """Prompts as text."""
        prompts = self.params.get("prompts", [self.params])
        assert isinstance(prompts, list)
        return tuple(
            str(prompt.get("text") or prompt.get("file") or prompt.get("name") or "")
            for prompt in prompts
            if prompt.keys() & {"text", "file", "name"}
        )


def rehearse(
    program: Program, flow: str, outcomes: Sequence[str], *, variables: Mapping[str, Value], wall: int
) -> list[Stage]:
    """Every stage until the outcomes are used up or the call is over; `hangup` is the last one then.

    An outcome is its name, `digit:1`, or with data, `done status=200`. Args: wall: [ms UTC].
    Raises `ImpossibleError`: by an outcome that never comes it would show a call that never is.
    """
    brought = {**given(call_id="call_rehearsal", account="acc_rehearsal"), **variables}
    begun = begin(program, flow, brought, wall)
    if begun is None:
        return []
    stages = [_stage(*begun)]
    state = begun[0]
    for text in outcomes:
        if state.ended:
            break
        outcome = outcome_of(text)
        if why := _impossible(state, outcome.name):
            raise ImpossibleError(why)
        state, issued = step(state, outcome, wall)
        stages.append(_stage(state, issued))
    return stages


def outcome_of(text: str) -> Outcome:
    """`done status=200 body=ok` → its name and data. Raises `ImpossibleError`."""
    name, *parts = text.split() or [""]
    for part in parts:
        if not part.partition("=")[0] or "=" not in part:
            raise ImpossibleError(f"{part}: not data of the outcome {name} (write NAME=VALUE)")
    data = dict(part.partition("=")[::2] for part in parts)
    return Outcome(name, data)


def _impossible(state: State, outcome: str) -> str:
    """Why the command under way never ends so; empty when it may."""
    data, command = state.node.data, state.issued.command
    asks = data.DIGITS or isinstance(command, Gather)
    if asks and _DIGITS.fullmatch(outcome):
        return ""
    possible = [*data.OUTCOMES, *state.node.edges, *_ALWAYS]
    if isinstance(command, Gather):
        possible += _OF_GATHER
    elif isinstance(command, Dial):
        possible += _OF_DIAL
    if outcome in possible:
        return ""
    kind = type(command).__name__.lower()
    listed = list(dict.fromkeys([*possible, "digit:1 and the like"] if asks else possible))
    fix = did_you_mean(outcome, listed, f"possible are {', '.join(listed)}")
    if asks and _DIGITS.fullmatch(f"digit:{outcome}"):
        fix = f"write digit:{outcome}"
    return f"{outcome or 'an empty text'}: {state.node.id} ({kind}) never ends so ({fix})"


def _stage(state: State, issued: Issued) -> Stage:
    return Stage(
        state.visits,
        type(issued.command).__name__.lower(),
        issued.node_id,
        params(issued.command),
        tuple(state.node.edges),
        {name: "***" if name in state.secrets else value for name, value in state.variables.items()},
        state.fault,
    )


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise refusal("not a moment", 'write "2026-11-22T22:00:00+01:00"') from None
    return value


class Walk(Section):
    """One expected way through the flow."""

    name: Name
    at: Annotated[str, AfterValidator(_moment)] = "2026-01-05T12:00:00+00:00"
    "ISO 8601; UTC without an offset."
    variables: dict[str, str | int | float | bool | None] = Field(default={})
    outcomes: tuple[str, ...] = Field(default=(), max_length=1_000)
    expect: tuple[str, ...] = Field(default=(), max_length=1_000)
    "Per stage a command, a node, or both: `gather menu`."


class Script(Section):
    paths: tuple[Walk, ...] = Field(min_length=1, max_length=1_000)


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    good: bool
    why: str = ""
    took: Sequence[str] = field(default_factory=tuple)


def read_script(text: str, file: str) -> Script:
    """Raises `ConfigError`."""
    document, problems = read(text, file, {})
    try:
        script = Script.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False)[:100]:
            place = tuple(step for step in detail["loc"])
            problems.append(Problem(file, document.line(place), path_text(place), detail["msg"]))
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    return script


def judge(program: Program, flow: str, walk: Walk) -> Verdict:
    """Whether the flow goes the expected way."""
    try:
        stages = rehearse(program, flow, walk.outcomes, variables=walk.variables, wall=wall_of(walk.at))
    except ImpossibleError as error:
        return Verdict(walk.name, False, str(error))
    took = [f"{stage.command} {stage.node_id}" for stage in stages]
    for number, (wanted, stage) in enumerate(zip(walk.expect, stages, strict=False), 1):
        if wanted not in (stage.command, stage.node_id, f"{stage.command} {stage.node_id}"):
            return Verdict(walk.name, False, f"stage {number} is {took[number - 1]}, not {wanted}", took)
    if len(walk.expect) > len(stages):
        return Verdict(walk.name, False, f"ends after {len(stages)} stages", took)
    if len(walk.expect) < len(stages):
        return Verdict(walk.name, False, f"goes on to {took[len(walk.expect)]}", took)
    return Verdict(walk.name, True, "", took)


def wall_of(moment: str) -> int:
    """ISO 8601 → ms UTC."""
    found = datetime.fromisoformat(moment)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)

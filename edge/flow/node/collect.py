"""collect: the caller types a number, which becomes a variable; secret digits are masked everywhere."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, model_validator

from config.section import Duration, refusal
from edge.flow.command import Gather
from edge.flow.node.data import Audible, Keys, NodeData, Variable
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene

_GREEDY_MAX: Final = 2


def _pattern(value: str) -> str:
    """A regular expression that cannot take long: no repeated groups, few open repetitions."""
    fix = "write one such as [1-9][0-9]{4}"
    if re.fullmatch(r"[0-9*#\\d\[\]^$\-|().?+{},]*", value) is None:
        raise refusal("a pattern is about keys: 0-9 * # and regular expression signs", fix)
    if re.search(r"\)[*+{?]", value) or len(re.findall(r"[*+](?!\])|,\}", value)) > _GREEDY_MAX:
        raise refusal("too costly a pattern: no repeated groups, at most two of * and +", fix)
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise refusal(f"not a regular expression: {error}", fix) from None
    return value


class Collect(NodeData):
    KIND: ClassVar[str] = "collect"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "timeout", "invalid", "failed")
    MEDIA: ClassVar[bool] = True
    SPELLINGS: ClassVar[Mapping[str, str]] = {"terminator": "terminators", "regex": "pattern"}

    variable: Variable
    prompt: Audible | None = None
    reprompt: Audible | None = None
    invalid: Audible | None = None
    min_digits: int = Field(default=1, ge=1, le=32)
    max_digits: int = Field(default=16, ge=1, le=32)
    terminators: Keys = "#"
    timeout: Duration = Field(default=5.0, ge=0.5, le=120)
    inter_digit_timeout: Duration = Field(default=3.0, ge=0.5, le=60)
    max_tries: int = Field(default=3, ge=1, le=20)
    pattern: Annotated[str, AfterValidator(_pattern)] = Field(default="", max_length=200)
    "What the digits must be, whole; empty: anything."
    barge_in: bool = True
    secret: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> "Collect":
        if self.min_digits > self.max_digits:
            raise refusal("min_digits is above max_digits", "lower it")
        return self

    def enter(self, scene: Scene) -> Action:
        scene.memory = (0,)
        return self._gather(scene, self.prompt)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        digits = outcome.digits
        if self._fits(digits):
            scene.set(self.variable, digits, secret=self.secret)
            return Leave("done")
        if not digits and outcome.name not in ("timeout", "invalid", "done"):
            return Leave(outcome.name)
        silent = outcome.name == "timeout"
        (tries,) = scene.memory
        scene.memory = (tries + 1,)
        if tries + 1 >= self.max_tries:
            return Leave("timeout" if silent else "invalid")
        return self._gather(scene, None if silent else self.invalid, self.reprompt or self.prompt)

    def sets(self) -> tuple[str, ...]:
        return (self.variable,)

    def _fits(self, digits: str) -> bool:
        if not self.min_digits <= len(digits) <= self.max_digits:
            return False
        return not self.pattern or re.fullmatch(self.pattern, digits) is not None

    def _gather(self, scene: Scene, *prompts: Prompt | None) -> Gather:
        return Gather(
            scene.sounds(*prompts),
            self.min_digits,
            self.max_digits,
            self.terminators,
            self.timeout,
            self.inter_digit_timeout,
            self.barge_in,
            self.secret,
        )

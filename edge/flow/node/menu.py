"""menu: the caller chooses by a key; edges are `digit:1`, `digit:2`… (S004-35).

A key without an edge is a failure; after `max_failures` of them the way out is `invalid`, after
`max_timeouts` silences it is `timeout`.
"""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from config.section import Duration, refusal
from edge.flow.command import Gather
from edge.flow.node.data import Audible, Keys, NodeData, Variable
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene


class Menu(NodeData):
    KIND: ClassVar[str] = "menu"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("timeout", "invalid", "failed")
    DIGITS: ClassVar[bool] = True
    MEDIA: ClassVar[bool] = True

    prompt: Audible | None = None
    reprompt: Audible | None = None
    "After a failure or silence; the prompt when omitted."
    invalid: Audible | None = None
    "Heard before the reprompt, when the key leads nowhere."
    min_digits: int = Field(default=1, ge=1, le=16)
    max_digits: int = Field(default=1, ge=1, le=16)
    terminators: Keys = ""
    timeout: Duration = Field(default=5.0, ge=0.5, le=120)
    inter_digit_timeout: Duration = Field(default=3.0, ge=0.5, le=60)
    max_failures: int = Field(default=3, ge=1, le=20)
    max_timeouts: int = Field(default=3, ge=1, le=20)
    barge_in: bool = True
    variable: Variable = "digit"
    "Where the choice is kept."

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_digits > self.max_digits:
            raise refusal("min_digits is above max_digits", "lower it")
        return self

    def enter(self, scene: Scene) -> Action:
        scene.memory = (0, 0)
        return self._gather(scene, self.prompt)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        failures, timeouts = scene.memory
        digits = outcome.digits
        if digits and f"digit:{digits}" in scene.edges:
            scene.set(self.variable, digits)
            return Leave(f"digit:{digits}")
        if outcome.name == "timeout":
            scene.memory = (failures, timeouts + 1)
            if timeouts + 1 >= self.max_timeouts:
                return Leave("timeout")
            return self._gather(scene, self.reprompt or self.prompt)
        if not digits and outcome.name != "invalid":
            return Leave(outcome.name)
        scene.memory = (failures + 1, timeouts)
        if failures + 1 >= self.max_failures:
            return Leave("invalid")
        return self._gather(scene, self.invalid, self.reprompt or self.prompt)

    def sets(self) -> tuple[str, ...]:
        return (self.variable,)

    def _gather(self, scene: Scene, *prompts: Prompt | None) -> Gather:
        return Gather(
            scene.sounds(*prompts),
            self.min_digits,
            self.max_digits,
            self.terminators,
            self.timeout,
            self.inter_digit_timeout,
            self.barge_in,
        )

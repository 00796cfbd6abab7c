"""condition: which way an expression says: true or false, or the first of several cases that is true."""

from typing import ClassVar

from pydantic import Field, model_validator

from config.section import refusal
from edge.flow.node.data import Formula, NodeData
from edge.flow.scene import Action, Leave, Scene


class Condition(NodeData):
    KIND: ClassVar[str] = "condition"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("true", "false")

    expression: Formula | None = None
    cases: dict[str, Formula] = Field(default={}, max_length=50)
    "Outcome → expression, tried in order; the way out is `default` when none is true."

    @model_validator(mode="after")
    def _either(self) -> "Condition":
        if (self.expression is None) is not bool(self.cases):
            raise refusal("a condition is an expression or cases", "give one of them")
        return self

    def enter(self, scene: Scene) -> Action:
        if self.expression is not None:
            return Leave("true" if scene.value(self.expression) else "false")
        return Leave(next((name for name, case in self.cases.items() if scene.value(case)), "default"))

"""setVariable: one variable or several; a value that is only `{{ … }}` keeps its type."""

from typing import ClassVar

from pydantic import Field, model_validator

from config.section import refusal
from edge.flow.node.data import NodeData, Text, Variable
from edge.flow.scene import Action, Leave, Scene


class SetVariable(NodeData):
    KIND: ClassVar[str] = "setVariable"

    variable: Variable | None = None
    value: Text | None = None
    values: dict[Variable, Text] = Field(default={}, max_length=50)

    @model_validator(mode="after")
    def _some(self) -> "SetVariable":
        if (self.variable is None) is not (self.value is None) or not (self.variable or self.values):
            raise refusal("nothing is set", "give variable and value, or values: {name: value}")
        return self

    def enter(self, scene: Scene) -> Action:
        if self.variable is not None and self.value is not None:
            scene.set(self.variable, scene.value(self.value))
        for name, value in self.values.items():
            scene.set(name, scene.value(value))
        return Leave("done")

    def sets(self) -> tuple[str, ...]:
        return (*((self.variable,) if self.variable else ()), *self.values)

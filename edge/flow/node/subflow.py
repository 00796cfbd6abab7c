"""subflow: another flow of the account, with arguments. It returns where an outcome of its has no edge.

That outcome is then this node's, so that a sub-flow may be left in several ways. Variables are shared.
"""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from edge.flow.node.data import NodeData, Reference, Text, Variable
from edge.flow.scene import Action, Enter, Scene


class Subflow(NodeData):
    KIND: ClassVar[str] = "subflow"
    OUTCOMES: ClassVar[tuple[str, ...]] = ()
    DIGITS: ClassVar[bool] = True

    flow: str
    arguments: dict[Variable, Text] = Field(default={}, max_length=50)

    def enter(self, scene: Scene) -> Action:
        for name, value in {name: scene.value(value) for name, value in self.arguments.items()}.items():
            scene.set(name, value)
        return Enter(self.flow)

    def sets(self) -> tuple[str, ...]:
        return tuple(self.arguments)

    def references(self) -> Iterator[Reference]:
        yield "flow", self.flow

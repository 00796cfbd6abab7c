"""noop: a place to draw lines to. In a sub-flow, one without an edge returns to the caller."""

from typing import ClassVar

from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Leave, Scene


class NoopNode(NodeData):
    KIND: ClassVar[str] = "noop"

    def enter(self, scene: Scene) -> Action:
        return Leave("done")

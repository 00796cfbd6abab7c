"""entry: where a call begins. It does nothing."""

from typing import ClassVar, Literal

from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Leave, Scene


class Entry(NodeData):
    KIND: ClassVar[str] = "entry"

    trigger: Literal["inbound", "internal", "api", ""] = ""
    "Kept for the editor; any call may enter."

    def enter(self, scene: Scene) -> Action:
        return Leave("done")

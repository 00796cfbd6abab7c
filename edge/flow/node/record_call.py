"""recordCall: the recording of the whole call begins, pauses, goes on or ends, unheard."""

from typing import ClassVar, Literal

from edge.flow.command import Record
from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Scene


class RecordCallNode(NodeData):
    KIND: ClassVar[str] = "recordCall"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")

    turn: Literal["on", "off", "pause"]
    "A pause is silence in the file; on after it goes on."

    def enter(self, scene: Scene) -> Action:
        return Record(call=self.turn)

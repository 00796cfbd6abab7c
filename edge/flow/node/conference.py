"""conference: the caller joins a room."""

from typing import ClassVar

from edge.flow.command import Conference
from edge.flow.node.data import Keys, NodeData, Text
from edge.flow.scene import Action, Scene


class ConferenceNode(NodeData):
    KIND: ClassVar[str] = "conference"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True
    BUILT: ClassVar[str] = "conferences are not built yet: the way out is failed"

    room: Text
    pin: Keys = ""
    moderator: bool = False

    def enter(self, scene: Scene) -> Action:
        return Conference(scene.text(self.room).strip(), self.pin, self.moderator)

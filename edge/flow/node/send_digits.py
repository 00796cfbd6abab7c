"""sendDigits: keys are sent to the caller's side, for machines that call."""

from typing import ClassVar

from pydantic import Field

from edge.flow.command import Play
from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Scene


class SendDigitsNode(NodeData):
    KIND: ClassVar[str] = "sendDigits"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")

    def enter(self, scene: Scene) -> Action:
        return Play(digits=self.digits)

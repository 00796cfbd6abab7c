"""hangup: the call ends, with a cause that the caller's phone understands."""

from typing import ClassVar, Literal

from pydantic import Field

from config.section import Duration
from edge.flow.command import Hangup
from edge.flow.node.data import NodeData
from edge.flow.scene import Action, Scene


class HangupNode(NodeData):
    KIND: ClassVar[str] = "hangup"
    OUTCOMES: ClassVar[tuple[str, ...]] = ()
    ENDS: ClassVar[bool] = True

    cause: Literal["normal", "busy", "declined", "unavailable", "not_found", "congestion"] = "normal"
    status: int = Field(default=0, ge=0, le=699)
    "SIP status when nothing was answered yet; 0: by the cause."
    tone: Duration = Field(default=0.0, ge=0, le=60)
    "So long the caller hears busy, congestion or special information tone first, as the cause is."

    def enter(self, scene: Scene) -> Action:
        return Hangup(self.cause, self.status if self.status >= 400 else 0, self.tone)

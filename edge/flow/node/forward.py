"""forward: the call goes to one number, and is over when that conversation is."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from config.section import Duration
from edge.flow.command import Dial
from edge.flow.node.data import NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Scene


class Forward(NodeData):
    KIND: ClassVar[str] = "forward"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("answered", "no_answer", "busy", "failed")
    MEDIA: ClassVar[bool] = True

    number: Text
    ring_timeout: Duration = Field(default=60.0, ge=1, le=300)
    caller_id: Text | None = None

    def enter(self, scene: Scene) -> Action:
        caller_id = "" if self.caller_id is None else scene.text(self.caller_id).strip()
        return Dial((scene.text(self.number).strip(),), ring_timeout=self.ring_timeout, caller_id=caller_id)

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.number):
            yield "number", name

"""dial: rings people of the account or numbers outside; `answered` comes when the conversation is over."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from config.section import Duration
from edge.flow.command import Dial
from edge.flow.node.data import NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Scene

TO_MAX = 20


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


class DialNode(NodeData):
    KIND: ClassVar[str] = "dial"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("answered", "no_answer", "busy", "failed")
    MEDIA: ClassVar[bool] = True

    to: Annotated[tuple[Text, ...], BeforeValidator(_several)] = Field(min_length=1, max_length=TO_MAX)
    "Users, extensions or public numbers."
    strategy: Literal["simultaneous", "sequential"] = "simultaneous"
    ring_timeout: Duration = Field(default=25.0, ge=1, le=300)
    "Of all at once, or of each in turn [s]."
    caller_id: Text | None = None
    "The caller's number when omitted."

    def enter(self, scene: Scene) -> Action:
        return Dial(
            to=tuple(text for target in self.to if (text := scene.text(target).strip())),
            sequential=self.strategy == "sequential",
            ring_timeout=self.ring_timeout,
            caller_id="" if self.caller_id is None else scene.text(self.caller_id).strip(),
        )

    def references(self) -> Iterator[Reference]:
        for target in self.to:
            if name := fixed(target):
                yield "number", name

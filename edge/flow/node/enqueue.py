"""enqueue: the caller waits for somebody of a queue."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from edge.flow.command import Enqueue
from edge.flow.node.data import NodeData, Reference
from edge.flow.scene import Action, Scene


class EnqueueNode(NodeData):
    KIND: ClassVar[str] = "enqueue"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("answered", "timeout", "no_agents", "abandoned", "failed")
    DIGITS: ClassVar[bool] = True
    MEDIA: ClassVar[bool] = True
    BUILT: ClassVar[str] = "queues are not built yet: the way out is failed"

    queue: str
    priority: int = Field(default=0, ge=0, le=100)
    "Higher is served first."

    def enter(self, scene: Scene) -> Action:
        return Enqueue(self.queue, self.priority)

    def references(self) -> Iterator[Reference]:
        yield "queue", self.queue

"""enqueue: the caller waits for somebody of a queue; `answered` comes when the conversation is over.

`timeout` after `max_wait`, `no_agents` where nobody is signed in, `digit:…` by an exit key, `failed` where
the queue is full or not there. A caller who hangs up ends the flow as everywhere else; `abandoned` is for
outside edges that tell it. Music, announcements and who is rung are the queue's own.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from config.section import Duration
from edge.flow.command import Enqueue
from edge.flow.node.data import Keys, NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Scene


class EnqueueNode(NodeData):
    KIND: ClassVar[str] = "enqueue"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("answered", "timeout", "no_agents", "abandoned", "failed")
    DIGITS: ClassVar[bool] = True
    MEDIA: ClassVar[bool] = True

    queue: Text
    priority: int = Field(default=0, ge=0, le=100)
    "Higher is served first."
    skills: dict[str, Annotated[int, Field(ge=1, le=100)]] = Field(default={}, max_length=20)
    "Name → least level of the agents who are rung, beside those of the queue."
    max_wait: Duration = Field(default=0.0, ge=0, le=86_400)
    "Instead of the queue's [s]; 0: the queue's."
    exit_digits: Keys = ""
    "Keys that leave the queue: edges `digit:0`…"

    def enter(self, scene: Scene) -> Action:
        queue = scene.text(self.queue).strip()
        return Enqueue(queue, self.priority, dict(self.skills), self.max_wait, self.exit_digits)

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.queue):
            yield "queue", name

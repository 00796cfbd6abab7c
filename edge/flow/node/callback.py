"""callback: the caller is promised a call when the turn of a queue comes, without waiting (`done`).

`declined` when no number is agreed on, `failed` where none is promised: too many wait, the number may not be
called, there is no such queue. The node `enqueue` offers the same to who waits, by a key.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final

from pydantic import Field

from edge.flow.node.data import Reference, Text, fixed
from edge.flow.node.pledging import Pledging, Way
from edge.flow.scene import Action, Leave, Outcome, Scene

_OUTCOMES: Final = {Way.PROMISED: "done", Way.DECLINED: "declined", Way.REFUSED: "failed"}


class CallbackNode(Pledging):
    KIND: ClassVar[str] = "callback"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "declined", "failed")
    MEDIA: ClassVar[bool] = True

    queue: Text
    priority: int = Field(default=0, ge=0, le=100)
    "Higher is served first."
    skills: dict[str, Annotated[int, Field(ge=1, le=100)]] = Field(default={}, max_length=20)
    "Name → least level of the agents who are rung, beside those of the queue."

    def enter(self, scene: Scene) -> Action:
        return self.begin(scene, scene.wall)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        queue = scene.text(self.queue).strip()
        done = self.go_on(scene, outcome, queue, self.priority, self.skills)
        return Leave(_OUTCOMES[done]) if isinstance(done, Way) else done

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.queue):
            yield "queue", name

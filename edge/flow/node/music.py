"""music: a file over and over, for a while."""

from typing import ClassVar

from pydantic import Field

from config.section import Duration
from edge.flow.command import Play
from edge.flow.node.data import Audible, NodeData
from edge.flow.scene import Action, Leave, Scene


class Music(NodeData):
    KIND: ClassVar[str] = "music"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    prompt: Audible
    seconds: Duration = Field(default=30.0, ge=1, le=3_600)

    def enter(self, scene: Scene) -> Action:
        sounds = scene.sounds(self.prompt)
        return Play(sounds[:1], loop=True, seconds=self.seconds) if sounds else Leave("done")

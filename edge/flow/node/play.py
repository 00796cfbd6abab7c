"""play: the caller hears a file, one of our prompts, or a text; keys are kept for the next menu."""

from typing import ClassVar

from edge.flow.command import Play
from edge.flow.node.data import Audible, NodeData
from edge.flow.scene import Action, Leave, Scene


class PlayNode(NodeData):
    KIND: ClassVar[str] = "play"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    prompt: Audible

    def enter(self, scene: Scene) -> Action:
        sounds = scene.sounds(self.prompt)
        return Play(sounds) if sounds else Leave("done")

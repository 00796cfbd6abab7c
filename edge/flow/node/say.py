"""say: a text is spoken to the caller (`play {text}` on the wire)."""

from collections.abc import Iterator
from typing import ClassVar

from edge.flow.command import Play
from edge.flow.node.data import NodeData, Text, Voice
from edge.flow.scene import Action, Leave, Prompt, Scene


class Say(NodeData):
    KIND: ClassVar[str] = "say"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    text: Text
    voice: Voice = ""
    "A voice of the speech catalogue, such as `en-us` or `de+f2`; empty: en-us."

    def enter(self, scene: Scene) -> Action:
        sounds = scene.sounds(Prompt(self.text, self.voice))
        return Play(sounds) if sounds else Leave("done")

    def prompts(self) -> Iterator[Prompt]:
        yield Prompt(self.text, self.voice)

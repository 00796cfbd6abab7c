"""say: a text is spoken to the caller (`play {text}` on the wire)."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from edge.flow.command import Play
from edge.flow.node.data import NodeData, Text
from edge.flow.scene import Action, Leave, Prompt, Scene


class Say(NodeData):
    KIND: ClassVar[str] = "say"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    text: Text
    voice: str = Field(default="", pattern=r"^([a-z]{2,3}(-[a-z0-9]{2,8})*(\+[fm][1-8])?)?$")
    "A voice of the speech catalogue, such as `en-us` or `de+f2`; empty: en-us."

    def enter(self, scene: Scene) -> Action:
        sounds = scene.sounds(Prompt(self.text, self.voice))
        return Play(sounds) if sounds else Leave("done")

    def prompts(self) -> Iterator[Prompt]:
        yield Prompt(self.text, self.voice)

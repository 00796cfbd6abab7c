"""play: the caller hears a file, one of our prompts, or a text; keys control it or are kept for later."""

from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from config.section import Duration, Section, refusal
from edge.flow.command import Play
from edge.flow.node.data import Audible, NodeData
from edge.flow.scene import Action, Leave, Scene

Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]?$")]
"Empty: none."
_CONTROLS: Final = ("pause", "back", "forward", "restart", "stop")


class Controls(Section):
    """Keys of the caller while it listens."""

    pause: Key = ""
    "Silence, until it is pressed again."
    back: Key = ""
    forward: Key = ""
    restart: Key = ""
    stop: Key = ""
    step: Duration = Field(default=5.0, ge=0.1, le=600)
    "Of `back` and `forward`."

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        if len(self.keys()) < sum(bool(getattr(self, name)) for name in _CONTROLS):
            raise refusal("a key has two meanings", "give each one a key of its own")
        return self

    def keys(self) -> dict[str, str]:
        """Key → what it does."""
        return {key: name for name in _CONTROLS if (key := getattr(self, name))}


class PlayNode(NodeData):
    KIND: ClassVar[str] = "play"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    prompt: Audible
    controls: Controls | None = None

    def enter(self, scene: Scene) -> Action:
        sounds = scene.sounds(self.prompt)
        if not sounds:
            return Leave("done")
        if self.controls is None:
            return Play(sounds)
        return Play(sounds, controls=self.controls.keys(), step_ms=round(self.controls.step * 1000))

"""dial: rings people of the account or numbers outside; `answered` comes when the conversation is over.

Who answers may be told first who calls (`whisper`), may have to take the call by a key (`confirm`: a mobile's
voicemail presses none), and may hear the caller say a name before deciding (`screening`).
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from config.section import Duration
from edge.flow.command import Dial, Play, Record, Sound
from edge.flow.node.data import Audible, NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template

TO_MAX = 20

ASK_NAME = Prompt(Template("Please say your name after the tone."))
"Heard by a caller who is screened."
NAME_SECONDS = 5.0
NAME_SILENCE = 1.5
"So much silence ends the name [s]."

_ASKING, _NAMING, _DIALLING = range(3)


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
    early_media: bool = True
    "Whether the caller hears what a single party sends before it answers, such as its own ringback."
    whisper: Audible | None = None
    "Heard by who answers, and by nobody else, before the two are joined."
    confirm: str = Field(default="", pattern=r"^[0-9*#]?$")
    "The key by which who answers takes the call; until somebody does, the others ring on."
    confirm_timeout: Duration = Field(default=10.0, ge=1, le=60)
    "For the key, after the whisper [s]."
    screening: bool = False
    "The caller says a name, which is heard before the whisper; then the key is 1 unless `confirm` says else."

    def enter(self, scene: Scene) -> Action:
        if self.screening:
            scene.memory = (_ASKING,)
            return Play(scene.sounds(ASK_NAME))
        return self._dial(scene, ())

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        match scene.memory:
            case (0,):  # asking
                scene.memory = (_NAMING,)
                return Record(max_seconds=NAME_SECONDS, silence_seconds=NAME_SILENCE)
            case (1,):  # naming
                scene.memory = (_DIALLING,)
                key = outcome.data.get("key")
                said = outcome.name == "done" and isinstance(key, str)
                return self._dial(scene, (Sound(recording=str(key)),) if said else ())
        return Leave(outcome.name)

    @property
    def records(self) -> bool:
        return self.screening

    def prompts(self) -> Iterator[Prompt]:
        if self.screening:
            yield ASK_NAME
        if (key := self._key) and self.whisper is None:
            yield _which(key)
        yield from super().prompts()

    def references(self) -> Iterator[Reference]:
        for target in self.to:
            if name := fixed(target):
                yield "number", name

    # Inside.

    @property
    def _key(self) -> str:
        return self.confirm or ("1" if self.screening else "")

    def _dial(self, scene: Scene, name: tuple[Sound, ...]) -> Dial:
        key = self._key
        prompt = _which(key) if key and self.whisper is None else self.whisper
        return Dial(
            to=tuple(text for target in self.to if (text := scene.text(target).strip())),
            sequential=self.strategy == "sequential",
            ring_timeout=self.ring_timeout,
            caller_id="" if self.caller_id is None else scene.text(self.caller_id).strip(),
            early_media=self.early_media,
            whisper=(*name, *scene.sounds(prompt)),
            confirm=key,
            confirm_timeout=self.confirm_timeout,
        )


def _which(key: str) -> Prompt:
    """Says which key takes the call."""
    if key == "1":
        return Prompt(name="confirm-accept")
    return Prompt(Template(f"Press {({'*': 'star', '#': 'hash'}).get(key, key)} to take the call."))

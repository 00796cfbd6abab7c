"""voicemail: greeting, beep, message; kept for a user (`play`, then `record` on the wire)."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from config.section import Duration
from edge.flow.command import Play, Record, Sound
from edge.flow.node.data import Audible, Keys, NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template

GREETING = Prompt(
    Template("Please leave a message after the tone. When you are done, hang up or press hash.")
)

FULL = Prompt(Template("This mailbox is full. No more messages can be taken."))


class VoicemailNode(NodeData):
    KIND: ClassVar[str] = "voicemail"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    mailbox: Text
    "A user, by number."
    greeting: Audible | None = None
    "When omitted what the user has recorded, else ours."
    beep: bool = True
    max_seconds: Duration = Field(default=120.0, ge=1, le=3_600)
    silence: Duration = Field(default=5.0, ge=0, le=60)
    "So much silence ends the message [s]; 0: none does."
    terminators: Keys = "#"

    @property
    def records(self) -> bool:
        return True

    def enter(self, scene: Scene) -> Action:
        scene.memory = (0,)
        sounds = scene.sounds(self.greeting or GREETING)
        if self.greeting is None:
            ours = sounds[0]
            sounds = (Sound(ours.text, ours.voice, personal=scene.text(self.mailbox).strip()),)
        return Play(sounds) if sounds else self._record(scene)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        match scene.memory:
            case (0,):  # also when the greeting failed: the message counts
                return self._record(scene)
            case (1,) if outcome.data.get("cause") == "mailbox_full":
                scene.memory = (2,)
                return Play(scene.sounds(FULL))
            case (2,):
                return Leave("failed")
        return Leave(outcome.name)

    def prompts(self) -> Iterator[Prompt]:
        yield from (self.greeting or GREETING, FULL)

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.mailbox):
            yield "user", name

    def _record(self, scene: Scene) -> Record:
        scene.memory = (1,)
        return Record(
            "vm",
            scene.text(self.mailbox).strip(),
            self.beep,
            self.max_seconds,
            self.silence,
            self.terminators,
        )

"""conference: the caller joins a room of the account, until it hangs up, is sent away, or the room ends."""

from collections.abc import Iterator
from typing import ClassVar, Final

from edge.flow.command import Conference
from edge.flow.node.data import Keys, NodeData, Text
from edge.flow.scene import Action, Prompt, Scene

PIN_PROMPT: Final = "conference-pin"
WRONG_PROMPT: Final = "conference-wrong-pin"
WAIT_PROMPT: Final = "conference-wait"
MUTED_PROMPT: Final = "conference-muted"
UNMUTED_PROMPT: Final = "conference-unmuted"
_PROMPTS: Final = (PIN_PROMPT, WRONG_PROMPT, WAIT_PROMPT, MUTED_PROMPT, UNMUTED_PROMPT)


class ConferenceNode(NodeData):
    KIND: ClassVar[str] = "conference"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    room: Text
    "A name under `conferences`, or any other: then the room has the defaults."
    pin: Keys = ""
    "Asked for; empty: the room's own, if it has one."
    moderator: bool = False
    "The caller moderates, and no PIN is asked for."

    def enter(self, scene: Scene) -> Action:
        return Conference(scene.text(self.room).strip(), self.pin, self.moderator)

    def prompts(self) -> Iterator[Prompt]:
        return (Prompt(name=name) for name in _PROMPTS)

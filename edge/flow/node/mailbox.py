"""mailbox: somebody listens to the messages of a user, the new ones first, and keeps or erases each.

::

    consult ─▶ "You have 2 new messages" ─▶ message ─ 1 again · 2 next · 3 erase ─▶ consult ─▶ … ─▶ goodbye
        ▲                                                                            │
        └──────────────── noop while the store is asked ─────────────────────────────┘

A message that was listened to is an old one from then on; who hangs up in the middle has not heard it.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from edge.flow.command import Consult, Gather, Noop, Play, Sound
from edge.flow.node.data import NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template

AGAIN, ERASE, LEAVE = "1", "3", "*"
"Keys; any other goes on to the next message."
CHOICE_SECONDS: Final = 4.0
"After the message so long is waited for a key [s]; then the next one follows."

MENU: Final = Prompt(
    Template("Press 1 to hear it again, 2 for the next one, 3 to erase it, or star to leave.")
)
NOTHING: Final = Prompt(Template("You have no messages."))
NO_MORE: Final = Prompt(Template("There are no more messages."))
ERASED: Final = Prompt(Template("Erased."))
UNREADABLE: Final = Prompt(Template("Your messages cannot be read right now."))

_CONSULTING, _HEARING, _LEAVING, _FAILING = range(4)


class MailboxNode(NodeData):
    KIND: ClassVar[str] = "mailbox"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")
    MEDIA: ClassVar[bool] = True

    mailbox: Text
    "A user, by number. A flow that the outside reaches must ask for a secret first."

    def enter(self, scene: Scene) -> Action:
        scene.set("message", None)
        return self._consult(scene, 0, 0, first=True)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        step, index, before, first = scene.memory
        match step:
            case 0:  # consulting
                return self._consulted(scene, outcome, index, before, first=bool(first))
            case 1:  # hearing
                return self._chosen(scene, outcome, index, before)
            case 2:  # leaving
                return Leave("done")
        return Leave("failed")

    def prompts(self) -> Iterator[Prompt]:
        yield from (MENU, NOTHING, NO_MORE, ERASED, UNREADABLE)

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.mailbox):
            yield "user", name

    def sets(self) -> tuple[str, ...]:
        return ("message",)

    # Inside.

    def _consult(
        self, scene: Scene, index: int, before: int, *, first: bool = False, heard: str = "", erase: str = ""
    ) -> Action:
        scene.memory = (_CONSULTING, index, before, int(first))
        return Noop(Consult(scene.text(self.mailbox).strip(), index, before, heard, erase))

    def _consulted(self, scene: Scene, outcome: Outcome, index: int, before: int, *, first: bool) -> Action:
        data = outcome.data
        if outcome.name != "done":
            return _say(scene, _FAILING, UNREADABLE)
        new, old, key = data.get("new"), data.get("old"), data.get("key")
        if not isinstance(key, str) or not key:
            if before == 0 and old:
                return self._consult(scene, 0, scene.wall, first=first)
            return _say(scene, _LEAVING, NOTHING if first else NO_MORE)
        scene.memory = (_HEARING, index, before, 0)
        scene.set("message", key)
        caller = data.get("caller")
        told = [Sound(text=_summary(new, old))] if first else []
        told.append(
            Sound(text=f"From {_spelled(caller)}." if isinstance(caller, str) and caller else "Message.")
        )
        return Gather(
            (*told, Sound(recording=key), *scene.sounds(MENU)),
            timeout=CHOICE_SECONDS,
        )

    def _chosen(self, scene: Scene, outcome: Outcome, index: int, before: int) -> Action:
        key = str(scene.variables.get("message") or "")
        match outcome.digits:
            case "1":
                return self._consult(scene, index, before)
            case "3":
                return self._consult(scene, index, before, erase=key)
            case "*":
                scene.set("message", key)
                return Leave("done")
        if before:
            return self._consult(scene, index + 1, before)
        return self._consult(scene, 0, 0, heard=key)


def _say(scene: Scene, step: int, prompt: Prompt) -> Play:
    scene.memory = (step, 0, 0, 0)
    return Play(scene.sounds(prompt))


def _summary(new: object, old: object) -> str:
    def some(count: object, kind: str) -> str:
        return f"{count} {kind} message{'' if count == 1 else 's'}"

    parts = [some(count, kind) for count, kind in ((new, "new"), (old, "old")) if count]
    return f"You have {' and '.join(parts)}."


def _spelled(number: str) -> str:
    """Digit by digit: nobody's number is a quantity."""
    return " ".join(number) if number.lstrip("+").isdigit() else number

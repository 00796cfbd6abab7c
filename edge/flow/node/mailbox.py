"""mailbox: somebody listens to the messages of a user, the new ones first, and keeps or erases each.

::

    consult ─▶ "You have 2 new messages" ─▶ message ─ 1 again · 2 next · 3 erase ─▶ consult ─▶ … ─▶ goodbye
        ▲                                      └─ 0 ─▶ "Say your greeting" ─▶ record ─┤
        └──────────────── noop while the store is asked ──────────────────────────────┘

A message that was listened to is an old one from then on; who hangs up in the middle has not heard it. What
is recorded as a greeting is what callers of the user's voicemail hear from then on.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from edge.flow.command import Consult, Gather, Noop, Play, Record, Sound
from edge.flow.node.data import NodeData, Reference, Text, fixed
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template

CHOICE_SECONDS: Final = 4.0
"After the message so long is waited for a key [s]; then the next one follows."

MENU: Final = Prompt(
    Template("Press 1 to hear it again, 2 for the next one, 3 to erase it, or star to leave.")
)
NOTHING: Final = Prompt(Template("You have no messages."))
NO_MORE: Final = Prompt(Template("There are no more messages."))
OFFER: Final = Prompt(Template("Press 0 to record your greeting."))
ASK: Final = Prompt(Template("Say your greeting after the tone, and press hash."))
KEPT: Final = Prompt(Template("Your greeting is kept."))
UNREADABLE: Final = Prompt(Template("Your messages cannot be read right now."))

GREETING_SECONDS: Final = 60.0
"Longest greeting [s]."

_CONSULTING, _HEARING, _OFFERING, _FAILING, _ASKING, _GREETING, _LEAVING = range(7)


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
            case 2:  # offering
                return self._greeting(scene) if outcome.digits == "0" else Leave("done")
            case 3:  # failing
                return Leave("failed")
            case 4:  # asking
                scene.memory = (_GREETING, 0, 0, 0)
                mailbox = scene.text(self.mailbox).strip()
                return Record("greeting", mailbox, max_seconds=GREETING_SECONDS, silence_seconds=0)
            case 5 if outcome.name == "done":  # greeting
                return _say(scene, _LEAVING, KEPT)
        return Leave("done")

    def prompts(self) -> Iterator[Prompt]:
        yield from (MENU, NOTHING, NO_MORE, OFFER, ASK, KEPT, UNREADABLE)

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
            scene.memory = (_OFFERING, 0, 0, 0)
            return Gather(scene.sounds(NOTHING if first else NO_MORE, OFFER), timeout=CHOICE_SECONDS)
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
            case "0":
                return self._greeting(scene)
            case "1":
                return self._consult(scene, index, before)
            case "3":
                return self._consult(scene, index, before, erase=key)
            case "*":
                return Leave("done")
        if before:
            return self._consult(scene, index + 1, before)
        return self._consult(scene, 0, 0, heard=key)

    def _greeting(self, scene: Scene) -> Action:
        return _say(scene, _ASKING, ASK)


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

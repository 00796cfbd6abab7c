"""What is said to a caller who wants to be called back: at which number, and whether that is promised.

::

    number known ─▶ "on 0 3 0 …?" ─ 1 ─▶ pledge ─ done ─▶ "we will call you" ─▶ PROMISED
          └ none, or 2 ─▶ enter it ─▶ "you entered …?" ─ 1 ─┘   └ failed ─▶ "sorry" ─▶ REFUSED
                              └ 3 times in vain ─▶ DECLINED

A caller without a number, or who hides it, keys one in. The node's memory is (phase, since [ms UTC], tries);
0 is no phase of this talk.
"""

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field, model_validator

from config.section import refusal
from edge.flow.command import Command, Gather, Noop, Play, Pledge
from edge.flow.node.data import Audible, NodeData
from edge.flow.scene import Outcome, Prompt, Scene
from edge.flow.template import Template
from edge.flow.value import text_of

NUMBER: Final = "callback_number"
DIGITS: Final = "callback_digits"
"Of the number, apart, to be spoken."
ID: Final = "callback_id"

TRIES: Final = 3
_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")
_ASKING, _ENTERING, _CHECKING, _PLEDGING, _THANKING, _EXCUSING = range(1, 7)


class Way(enum.Enum):
    """How the talk ends."""

    PROMISED = "promised"
    DECLINED = "declined"
    REFUSED = "refused"


OURS: Final = {
    name: Prompt(Template(text))
    for name, text in {
        "ask": "We can call you back on {{ callback_digits }}. Press 1 for it, or 2 for another number.",
        "ask_own": "We can call you back on {{ callback_digits }}. Press 1 to agree.",
        "enter_number": "Please enter the number on which we can reach you, with its area code, then hash.",
        "check_number": "You have entered {{ callback_digits }}. Press 1 if it is right, 2 to correct it.",
        "thanks": "Thank you. We will call you as soon as it is your turn. Goodbye.",
        "sorry": "I am sorry, we cannot call you back on that number.",
    }.items()
}
"What is said where a flow has no words of its own."


class Pledging(NodeData):
    other_number: bool = True
    "Whether another number than the caller's own may be keyed in; who has none may always."
    min_digits: int = Field(default=7, ge=3, le=15)
    "Of a number that is keyed in."
    max_digits: int = Field(default=15, ge=3, le=15)
    ask: Audible | None = None
    "Which number? 1 is the caller's own, 2 another one; omitted: our own words, as for the others."
    enter_number: Audible | None = None
    check_number: Audible | None = None
    "Of one that was keyed in: 1 is right, 2 corrects it."
    thanks: Audible | None = None
    sorry: Audible | None = None
    "Where none is promised."

    @model_validator(mode="after")
    def _possible(self) -> "Pledging":
        if self.min_digits > self.max_digits:
            raise refusal("min_digits is above max_digits", "lower it")
        return self

    def begin(self, scene: Scene, since: int) -> Command:
        """Args: since: the caller has waited since then [ms UTC]."""
        known = text_of(scene.variables.get("caller"))
        if scene.variables.get("caller_private") or _NUMBER.fullmatch(known) is None:
            return self._enter(scene, since, 0)
        _choose(scene, known)
        scene.memory = (_ASKING, since, 0)
        return self._choice(scene, self._ask)

    def go_on(
        self, scene: Scene, outcome: Outcome, queue: str, priority: int, skills: Mapping[str, int]
    ) -> Command | Way:
        phase, since, tries = scene.memory
        match phase, outcome.digits:
            case (_, "1") if phase in (_ASKING, _CHECKING):
                scene.memory = (_PLEDGING, since, tries)
                return Noop(_pledge(scene, queue, since, priority, skills))
            case (_, "2") if phase == _ASKING and self.other_number:
                return self._enter(scene, since, tries)
            case (_, digits) if phase == _ENTERING and self.min_digits <= len(digits) <= self.max_digits:
                if digits.isdigit():
                    _choose(scene, digits)
                    scene.memory = (_CHECKING, since, tries)
                    return self._choice(scene, self.check_number or OURS["check_number"])
        if phase == _PLEDGING:
            return self._pledged(scene, outcome, since)
        if phase in (_THANKING, _EXCUSING):
            return Way.PROMISED if phase == _THANKING else Way.REFUSED
        if tries + 1 >= TRIES or outcome.name == "failed":
            return Way.DECLINED
        if phase == _ASKING:
            scene.memory = (phase, since, tries + 1)
            return self._choice(scene, self._ask)
        return self._enter(scene, since, tries + 1)

    def prompts(self) -> Iterator[Prompt]:
        yield from super().prompts()
        yield from (ours for name, ours in OURS.items() if getattr(self, name, None) is None)

    def sets(self) -> tuple[str, ...]:
        return NUMBER, DIGITS, ID

    # Inside.

    @property
    def _ask(self) -> Prompt:
        return self.ask or OURS["ask" if self.other_number else "ask_own"]

    def _enter(self, scene: Scene, since: int, tries: int) -> Gather:
        scene.memory = (_ENTERING, since, tries)
        return Gather(
            scene.sounds(self.enter_number or OURS["enter_number"]),
            self.min_digits,
            self.max_digits,
            "#",
            10.0,
            5.0,
        )

    def _choice(self, scene: Scene, prompt: Prompt) -> Gather:
        return Gather(scene.sounds(prompt), timeout=8.0)

    def _pledged(self, scene: Scene, outcome: Outcome, since: int) -> Command:
        good = outcome.name == "done"
        if good:
            scene.set(ID, outcome.data.get("id"))
        scene.memory = (_THANKING if good else _EXCUSING, since, 0)
        thanks, sorry = self.thanks or OURS["thanks"], self.sorry or OURS["sorry"]
        return Play(scene.sounds(thanks if good else sorry))


def _choose(scene: Scene, number: str) -> None:
    scene.set(NUMBER, number)
    scene.set(DIGITS, " ".join(number.removeprefix("+")))


def _pledge(scene: Scene, queue: str, since: int, priority: int, skills: Mapping[str, int]) -> Pledge:
    def told(name: str) -> str:
        return text_of(scene.variables.get(name))

    return Pledge(
        queue,
        told(NUMBER),
        told("call_id"),
        told("caller_name"),
        told("did"),
        told("direction") == "internal",
        since,
        priority,
        dict(skills),
    )

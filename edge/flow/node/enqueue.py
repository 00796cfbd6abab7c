"""enqueue: the caller waits for somebody of a queue; `answered` comes when the conversation is over.

`timeout` after `max_wait`, `no_agents` where nobody is signed in, `digit:…` by an exit key, `failed` where
the queue is full or not there. A caller who hangs up ends the flow as everywhere else; `abandoned` is for
outside edges that tell it. Music, announcements and who is rung are the queue's own.

With `callback` who waits may press a key, hang up and be called back in his place: the way out is `callback`,
or the end of the call without such an edge. Who agrees on no number, or is refused, waits on where he was.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from config.section import Duration, refusal
from edge.flow.command import Enqueue, Hangup
from edge.flow.node.data import Audible, Keys, NodeData, Reference, Text, fixed
from edge.flow.node.pledging import Pledging, Way
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template

_WAITING = 0


class CallbackOffer(Pledging):
    """An offer to who waits."""

    digit: str = Field(pattern=r"^[0-9*#]$")
    "The key that asks for it, at any time."
    offer: Audible | None = None
    "Heard with the announcements; omitted: our own words with the key."

    def spoken(self) -> Prompt:
        key = {"*": "star", "#": "hash"}.get(self.digit, self.digit)
        text = f"Press {key} to hang up and be called back. You keep your place in line."
        return self.offer or Prompt(Template(text))

    def prompts(self) -> Iterator[Prompt]:
        yield from super().prompts()
        if self.offer is None:
            yield self.spoken()


class EnqueueNode(NodeData):
    KIND: ClassVar[str] = "enqueue"
    OUTCOMES: ClassVar[tuple[str, ...]] = (
        "answered",
        "timeout",
        "no_agents",
        "abandoned",
        "callback",
        "failed",
    )
    DIGITS: ClassVar[bool] = True
    MEDIA: ClassVar[bool] = True

    queue: Text
    priority: int = Field(default=0, ge=0, le=100)
    "Higher is served first."
    skills: dict[str, Annotated[int, Field(ge=1, le=100)]] = Field(default={}, max_length=20)
    "Name → least level of the agents who are rung, beside those of the queue."
    max_wait: Duration = Field(default=0.0, ge=0, le=86_400)
    "Instead of the queue's [s]; 0: the queue's."
    exit_digits: Keys = ""
    "Keys that leave the queue: edges `digit:0`…"
    callback: CallbackOffer | None = None
    "Who waits may hang up and be called back."

    @model_validator(mode="after")
    def _apart(self) -> "EnqueueNode":
        if self.callback is not None and self.callback.digit in self.exit_digits:
            raise refusal(f"key {self.callback.digit} leaves the queue", "take another callback.digit")
        return self

    def enter(self, scene: Scene) -> Action:
        if self.callback is not None:
            scene.memory = (_WAITING, scene.wall, 0)
        return self._enqueue(scene, 0)

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        talk = self.callback
        if talk is None:
            return Leave(outcome.name)
        phase, since, _ = scene.memory
        if phase == _WAITING:
            return talk.begin(scene, since) if outcome.digits == talk.digit else Leave(outcome.name)
        done = talk.go_on(scene, outcome, scene.text(self.queue).strip(), self.priority, self.skills)
        if done is Way.PROMISED:
            # Not by `default`, which is where people go whom nobody has helped.
            return Leave("callback") if "callback" in scene.edges else Hangup()
        if isinstance(done, Way):
            scene.memory = (_WAITING, since, 0)
            return self._enqueue(scene, since)
        return done

    def prompts(self) -> Iterator[Prompt]:
        yield from super().prompts()
        if self.callback is not None:
            yield from self.callback.prompts()

    def reads(self) -> frozenset[str]:
        return super().reads() | (frozenset() if self.callback is None else self.callback.reads())

    def sets(self) -> tuple[str, ...]:
        return () if self.callback is None else self.callback.sets()

    def references(self) -> Iterator[Reference]:
        if name := fixed(self.queue):
            yield "queue", name

    # Inside.

    def _enqueue(self, scene: Scene, since: int) -> Enqueue:
        """Args: since: has waited since then [ms UTC]; 0: begins now."""
        talk = self.callback
        return Enqueue(
            scene.text(self.queue).strip(),
            self.priority,
            dict(self.skills),
            self.max_wait,
            self.exit_digits + (talk.digit if talk is not None else ""),
            since=since,
            offer=scene.sounds(talk.spoken()) if talk is not None else (),
        )

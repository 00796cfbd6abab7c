"""webhook: asks a service over HTTP; its answer becomes a variable. The caller hears nothing meanwhile.

A status below 300 leaves by `done`, everything else by `failed`; both with `<variable>_status` set, 0 when
there was no answer at all.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from config.section import Duration, refusal
from edge.flow.command import Fetch, Noop
from edge.flow.node.data import NodeData, Text, Variable
from edge.flow.scene import Action, Leave, Outcome, Scene
from edge.flow.template import Template


def _url(value: Template) -> Template:
    if not value.text.lower().startswith(("http://", "https://")):
        raise refusal("not a web address", "begin with https:// or http://, the host written out")
    host = value.text.split("/", 3)[2]
    if "{{" in host or not host:
        raise refusal("the host of a webhook is fixed", "write it out; path and query may have {{ … }}")
    return value


class Webhook(NodeData):
    KIND: ClassVar[str] = "webhook"
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done", "failed")

    url: Annotated[Text, AfterValidator(_url)]
    method: Literal["GET", "POST", "PUT"] = "GET"
    headers: dict[str, Text] = Field(default={}, max_length=20, repr=False)
    body: dict[str, Text] = Field(default={}, max_length=50)
    "Sent as JSON, with POST and PUT."
    variable: Variable = "answer"
    "The decoded JSON, or the text, of the answer."
    timeout: Duration = Field(default=5.0, ge=0.5, le=30)
    "Of each try [s]."
    retries: int = Field(default=1, ge=0, le=5)
    "Further tries when there was no answer or one of 500 and above."

    def enter(self, scene: Scene) -> Action:
        body = {name: scene.value(value) for name, value in self.body.items()} or None
        return Noop(
            Fetch(
                self.method,
                scene.text(self.url),
                tuple((name, scene.text(value)) for name, value in self.headers.items()),
                body if self.method != "GET" else None,
                self.timeout,
                self.retries,
            )
        )

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        scene.set(self.variable, outcome.data.get("body"))
        scene.set(f"{self.variable}_status", outcome.data.get("status", 0))
        return Leave("done" if outcome.name == "done" else "failed")

    def sets(self) -> tuple[str, ...]:
        return (self.variable, f"{self.variable}_status")

    def urls(self) -> Iterator[str]:
        yield self.url.text

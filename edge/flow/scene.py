"""What a node sees and changes in one step: variables, the clock, its own memory, the edges that leave it."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TypeAlias

from config.schedule import Schedule
from config.value import dataclass
from edge.flow.command import Command, Sound
from edge.flow.expression import Expression
from edge.flow.template import Template
from edge.flow.value import Value, bounded

Memory: TypeAlias = tuple[int, ...]
"Of a node while its command runs: counts of tries, a phase."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: `digit:1`, `timeout`, `answered`…"""

    name: str
    data: Mapping[str, Value] = field(default_factory=dict)

    @property
    def digits(self) -> str:
        """Of `digit:12`, or of `done` with `digits` in its data, as an outside edge may say it."""
        if self.name.startswith("digit:"):
            return self.name[6:70]
        digits = self.data.get("digits")
        return digits[:64] if self.name == "done" and isinstance(digits, str) else ""

    @property
    def why(self) -> str:
        """What who carried the command out says of it: an error in words, or a cause."""
        said = self.data.get("error") or self.data.get("cause")
        return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Go on by the edge of this outcome."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Run another flow of the account; its way out is an outcome of this node."""

    flow: str


Action = Command | Leave | Enter


class Scene:
    """Lives for one step; what it changed is in `variables` and `memory` afterwards."""

    __slots__ = ("_owned", "edges", "memory", "schedule", "secrets", "timezone", "variables", "wall")

    def __init__(
        self,
        variables: Mapping[str, Value],
        secrets: frozenset[str],
        wall: int,
        timezone: str,
        schedule: Callable[[str], Schedule | None],
    ) -> None:
        """Args: wall: [ms UTC]; timezone: the account's; schedule: by name."""
        self.variables = variables
        self.secrets = secrets
        self.wall = wall
        self.timezone = timezone
        self.schedule = schedule
        self.memory: Memory = ()
        self.edges: Mapping[str, str] = {}
        self._owned: dict[str, Value] | None = None

    def set(self, name: str, value: object, *, secret: bool = False) -> None:
        if self._owned is None:
            self._owned = dict(self.variables)
            self.variables = self._owned
        self._owned[name] = bounded(value)
        if secret:
            self.secrets |= {name}

    def text(self, template: Template) -> str:
        return template.render(self.variables)

    def value(self, source: Template | Expression) -> Value:
        return source.value(self.variables) if isinstance(source, Template) else source(self.variables)

    def sounds(self, *prompts: "Prompt | None") -> tuple[Sound, ...]:
        """What there is to hear; a text that comes out empty is nothing."""
        found = (prompt.sound(self) for prompt in prompts if prompt is not None)
        return tuple(sound for sound in found if sound is not None)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to hear, as written in a flow: a text, a file or one of our own prompts."""

    text: Template | None = None
    voice: str = ""
    file: str = ""
    name: str = ""
    _fixed: "Sound | None" = field(init=False, default=None, repr=False, compare=False)
    "What it is in every call, where it is the same in all."

    def __post_init__(self) -> None:
        if self.text is None:
            object.__setattr__(self, "_fixed", Sound(file=self.file, name=self.name))
        elif self.text.is_fixed:
            object.__setattr__(self, "_fixed", self._spoken(self.text.render({})))

    def sound(self, scene: Scene) -> Sound | None:
        if self.text is None or self.text.is_fixed:
            return self._fixed
        return self._spoken(scene.text(self.text))

    def _spoken(self, text: str) -> Sound | None:
        text = text.strip()
        return Sound(text=text, voice=self.voice or "en-us") if text else None

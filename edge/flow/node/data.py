"""What every kind of node has: fields as documents write them, outcomes, and the two doors of the machine.

Fields are written in snake case (`max_digits`) or as in the JSON of S004-38 (`maxDigits`, `timeoutSec`,
`promptText`, `promptAudioId`, `scheduleId`): both are the same key.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, cast

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from config.section import Section, matching, refusal
from edge.flow.expression import Expression, ExpressionError
from edge.flow.scene import Action, Leave, Outcome, Prompt, Scene
from edge.flow.template import Template
from edge.flow.value import TEXT_MAX

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")
_SUFFIXES: Final = ("_audio_id", "_text", "_sec", "_id")
_VOICE: Final = r"[a-z]{2,3}(-[a-z0-9]{2,8})*(\+[fm][1-8])?"
_NO_VOICE: Final = "not a voice of the catalogue", "write one such as en-us or de+f2"

_VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]{0,63}"

Reference = tuple[str, str]
"Kind (`agent`, `queue`, `user`, `number`, `schedule`, `flow`) and name."


def snake(name: str) -> str:
    """`timeCondition` → `time_condition`."""
    return _CAMEL.sub(lambda match: f"_{match[1]}", name).lower()


def _template(value: object) -> Template:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise refusal("must be text", "put it in quotes")
    text = str(value)
    if len(text) > TEXT_MAX:
        raise refusal(f"longer than {TEXT_MAX} characters", "split it over several nodes")
    try:
        return Template(text)
    except ExpressionError as error:
        raise refusal(f"{{{{ … }}}}: {error}", "see the grammar in config/flows/README.md") from None


def _expression(value: object) -> Expression:
    if not isinstance(value, str):
        value = {True: "true", False: "false", None: "null"}.get(cast(Any, value), str(value))
    try:
        return Expression(value)
    except ExpressionError as error:
        raise refusal(str(error), "see the grammar in config/flows/README.md") from None


def _prompt(value: object, info: ValidationInfo) -> Prompt:
    if isinstance(value, Prompt):
        return value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return Prompt(_template(value))
    fix = 'write a text, {text: …, voice: …}, {file: greeting.wav} or {name: "goodbye"}'
    if not isinstance(value, dict) or not value.keys() <= {"text", "voice", "file", "name"}:
        raise refusal("not a prompt", fix)
    chosen = [key for key in ("text", "file", "name") if value.get(key) not in (None, "")]
    voice = value.get("voice", "")
    if len(chosen) != 1 or not isinstance(value[chosen[0]], (str, int)) or not isinstance(voice, str):
        raise refusal("a prompt is one of text, file and name", fix)
    if voice and re.fullmatch(_VOICE, voice) is None:
        raise refusal(*_NO_VOICE)
    if chosen == ["text"]:
        return Prompt(_template(value["text"]), voice)
    if chosen == ["name"]:
        return Prompt(name=str(value["name"]))
    folder = (info.context or {}).get("folder")
    file = str(value["file"])
    return Prompt(file=file if folder is None else str(Path(folder, file)))


_PROMPT_SCHEMA: Final = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("text", "voice", "file", "name")},
            "additionalProperties": False,
        },
    ]
}

Text = Annotated[Template, PlainValidator(_template), WithJsonSchema({"type": "string"})]
"Text with `{{ expressions }}`."
Formula = Annotated[
    Expression, PlainValidator(_expression), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
"One expression."
Audible = Annotated[Prompt, PlainValidator(_prompt), WithJsonSchema(_PROMPT_SCHEMA)]
Voice = Annotated[
    str, matching(f"({_VOICE})?", *_NO_VOICE), WithJsonSchema({"type": "string", "pattern": f"^({_VOICE})?$"})
]
Variable = Annotated[
    str,
    matching(_VARIABLE, "not the name of a variable", "use letters, digits and _, and begin with a letter"),
    WithJsonSchema({"type": "string", "pattern": f"^{_VARIABLE}$"}),
]
"A variable's name."
Keys = Annotated[
    str,
    matching(r"[0-9*#]{0,12}", "not keys of a telephone", 'write them in quotes and without spaces: "0*#"'),
    WithJsonSchema({"type": "string", "pattern": "^[0-9*#]*$", "maxLength": 12}),
]
"Keys of a telephone."


class NodeData(Section):
    KIND: ClassVar[str]
    OUTCOMES: ClassVar[tuple[str, ...]] = ("done",)
    "By which the node can be left; `digit:…` beside them where `DIGITS`."
    DIGITS: ClassVar[bool] = False
    MEDIA: ClassVar[bool] = False
    "Whether the caller hears something, so that a loop through it takes time."
    ENDS: ClassVar[bool] = False
    "Whether the call ends here."
    INSTEAD: ClassVar[Mapping[str, str]] = {}
    "Outcome → the one whose edge it takes where it has none of its own, before `default`."
    SPELLINGS: ClassVar[Mapping[str, str]] = {}
    "Other names of fields."

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        found: dict[str, object] = {}
        for key, value in cast(dict[object, object], data).items():
            name = snake(str(key))
            name = cls.SPELLINGS.get(name, name)
            if name not in cls.model_fields:
                for suffix in _SUFFIXES:
                    bare = name.removesuffix(suffix)
                    if bare != name and bare in cls.model_fields:
                        value = {"name": value} if suffix == "_audio_id" else value
                        name = bare
                        break
            found[name] = value
        return found

    # The machine's doors.

    def enter(self, scene: Scene) -> Action:
        """The call arrives here."""
        raise AssertionError(f"{self.KIND} says what happens on entry")

    def resume(self, scene: Scene, outcome: Outcome) -> Action:
        """The command that `enter` or `resume` gave has ended."""
        return Leave(outcome.name)

    # What the checks ask.

    @property
    def records(self) -> bool:
        """Whether the caller's voice is kept here, and must be listened to for its end."""
        return False

    def prompts(self) -> Iterator[Prompt]:
        for value in self._parts():
            if isinstance(value, Prompt):
                yield value

    def reads(self) -> frozenset[str]:
        """Variables that its texts and expressions name."""
        names: set[str] = set()
        for value in self._parts():
            if isinstance(value, Prompt) and value.text is not None:
                names |= value.text.names
            elif isinstance(value, (Template, Expression)):
                names |= value.names
        return frozenset(names)

    def sets(self) -> tuple[str, ...]:
        """Variables that it gives a value."""
        return ()

    def references(self) -> Iterator[Reference]:
        """Names of things outside the flow, as far as they are fixed."""
        yield from ()

    def _parts(self) -> Iterator[object]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, dict):
                yield from value.values()
            elif isinstance(value, tuple):
                yield from value
            else:
                yield value


def fixed(template: Template | None) -> str:
    """The text of a template without expressions, else empty."""
    return template.text if template is not None and template.is_fixed else ""

"""YAML text → plain values that know their lines.

Scalars follow the core schema of YAML 1.2: `yes`, `09:00` and `1_000` are text, and no date type exists.
`${NAME}` and `${NAME:-else}` inside scalars are expanded after parsing, so a value can never add structure;
`$${` is a literal `${`. Built on parser events rather than on PyYAML's composer, which overruns the C stack
on deep nesting and neither counts aliases nor refuses duplicate keys.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from config.error import ConfigError, Problem, path_text

BYTES_MAX: Final = 8 * 1_048_576
"Longest configuration file."
NODES_MAX: Final = 1_000_000
"Values of one file, each use of an alias counted in full."
DEPTH_MAX: Final = 32

Path = tuple[str | int, ...]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VARIABLE: Final = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?")
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")


@dataclass(slots=True)
class Document:
    """`data` is what the file says; `lines` and `raw` are keyed by path."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    "Where a key or list entry stands, 1 for the first line."
    raw: dict[Path, str] = field(default_factory=dict)
    "Scalars as written, before expansion."

    def line(self, path: Path) -> int | None:
        """Of `path` or else of the nearest thing around it."""
        while path not in self.lines:
            if not path:
                return None
            path = path[:-1]
        return self.lines[path]


_REMEDIES: Final = {
    "mapping values are not allowed": "put a text with a colon in quotes, and indent keys alike",
    "expected key": "indent this line, or the one before it, like those beside it",
    "expected '-' indicator": "indent this line like the entries beside it",
    "expected ',' or": "close the bracket, and put a text with one of : , # { } [ ] in quotes",
    "while scanning a quoted scalar": "close the quotes",
    "expected ':'": "write key: value",
    "escape character": "write \\\\ for a backslash, or take single quotes",
    "hexdecimal number": "write \\\\ for a backslash, or take single quotes",
    "cannot start any token": "put it in quotes",
    "while scanning an alias": "put it in quotes",
    "while scanning an anchor": "put it in quotes",
    "expected node content": "write a value here, or put it in quotes",
}
"What libyaml says → what a person can do about it."


def _remedy(said: str, text: str, line: int | None) -> str:
    lines = text.splitlines()
    if line is not None and line <= len(lines):
        indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
        if "\t" in indent:
            return "indent with spaces, not with tabs"
    return next((fix for part, fix in _REMEDIES.items() if part in said), "")


def _language(file: str) -> str:
    return "JSON" if file.lower().endswith(".json") else "YAML"


class _Stop(Exception):
    """Nothing after this can be read."""

    def __init__(self, line: int | None, what: str, fix: str = "") -> None:
        self.line, self.what, self.fix = line, what, fix


def read(text: str, file: str, environ: Mapping[str, str]) -> tuple[Document, list[Problem]]:
    """The document and what is wrong inside its scalars and keys.

    Raises `ConfigError` for what cannot be read at all.
    """
    reader = _Reader(file, environ)
    try:
        reader.read(text)
    except yaml.MarkedYAMLError as error:
        begun = (error.context or "").startswith("while scanning a ")  # where a key or a quote begins
        mark = (error.context_mark if begun else None) or error.problem_mark or error.context_mark
        problem = error.problem or str(error)
        context = error.context or ""
        what = f"not {_language(file)}: {problem}" + (f", {context}" if context else "")
        line = None if mark is None else mark.line + 1
        raise ConfigError(
            [Problem(file, line, "", what, _remedy(f"{problem} {context}", text, line))]
        ) from None
    except yaml.YAMLError as error:  # a control character, say
        raise ConfigError(
            [Problem(file, None, "", f"not {_language(file)}: {' '.join(str(error).split())}")]
        ) from None
    except _Stop as stop:
        raise ConfigError([Problem(file, stop.line, "", stop.what, stop.fix)]) from None
    return reader.document, reader.problems


class _Reader:
    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self.document = Document()
        self.problems: list[Problem] = []
        self._file = file
        self._environ = environ
        self._nodes = 0
        self._anchors: dict[str, tuple[object, int]] = {}

    def read(self, text: str) -> None:
        self._loader = _LOADER(text)
        try:
            self._loader.get_event()  # the stream's start
            if self._loader.check_event(yaml.StreamEndEvent):
                return
            self._loader.get_event()  # the document's start
            self.document.lines[()] = 1
            self.document.data = self._value((), 0)
            self._loader.get_event()  # the document's end
            if not self._loader.check_event(yaml.StreamEndEvent):
                mark = self._loader.get_event().start_mark
                raise _Stop(mark.line + 1, "a second document begins here", "keep one document in the file")
        finally:
            self._loader.dispose()

    def _value(self, path: Path, depth: int) -> object:
        event = self._loader.get_event()
        line = event.start_mark.line + 1
        self.document.lines.setdefault(path, line)
        self._count(1, line)
        if depth > DEPTH_MAX:
            raise _Stop(line, f"nested deeper than {DEPTH_MAX} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        before = self._nodes
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self._problem(path, line, f"the tag {event.tag} means nothing here", "remove it")
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path, depth)
        else:
            value = self._mapping(path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _alias(self, anchor: str | None, line: int) -> object:
        if anchor is None or anchor not in self._anchors:
            what = f"the alias *{anchor} names no anchor that is complete above it"
            raise _Stop(line, what, f'a text that begins with * stands in quotes: "*{anchor}"')
        value, nodes = self._anchors[anchor]
        self._count(nodes, line)
        return value

    def _sequence(self, path: Path, depth: int) -> list[object]:
        values: list[object] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            values.append(self._value((*path, len(values)), depth + 1))
        self._loader.get_event()
        return values

    def _mapping(self, path: Path, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        merged: list[object] = []
        while not self._loader.check_event(yaml.MappingEndEvent):
            event = self._loader.get_event()
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise _Stop(line, "a key must be plain text")
            key = event.value
            inner = (*path, key)
            if key in values:
                first = self.document.lines[inner]
                self._problem(inner, line, f"given twice, first in line {first}", "remove one of them")
                self._value((*inner, "again"), depth + 1)
                continue
            self.document.lines[inner] = line
            value = self._value(inner, depth + 1)
            if key == "<<" and not event.style:
                merged.extend(value if isinstance(value, list) else [value])
            else:
                values[key] = value
        self._loader.get_event()
        for part in merged:
            if not isinstance(part, dict):
                self._problem(path, self.document.line(path), "<< takes a mapping", "give it an alias to one")
                continue
            for key, value in part.items():
                values.setdefault(key, value)
        return values

    def _scalar(self, event: yaml.ScalarEvent, path: Path, line: int) -> object:
        text = str(event.value)
        self.document.raw[path] = text
        expanded = self._expand(text, path, line) if "${" in text else text
        if event.style or event.tag is not None:
            return expanded
        if expanded is not text:
            return expanded or None  # text, so that a variable's digits may be a number or a name
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        return text

    def _expand(self, text: str, path: Path, line: int) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            name, otherwise = match[1], match[2]
            if name is None:
                self._problem(path, line, "${ is not followed by a name and }", "write ${NAME} or $${")
                return ""
            value = self._environ.get(name)
            if otherwise is not None:
                return value or otherwise
            if value is None:
                fix = f"export {name}=… or write ${{{name}:-default}}"
                self._problem(path, line, f"the environment variable {name} is not set", fix)
                return match[0]
            return value

        return _VARIABLE.sub(replace, text)

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            raise _Stop(line, f"more than {NODES_MAX} values, aliases expanded")

    def _problem(self, path: Path, line: int | None, what: str, fix: str) -> None:
        self.problems.append(Problem(self._file, line, path_text(path), what, fix))

"""What is wrong with a configuration, all of it at once, each with its place and its remedy."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

_COMPARED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    line: int | None
    "1 for the first; None when the whole file is meant."
    path: str
    "`accounts[0].users[1].number`; empty for the file itself."
    what: str
    fix: str = ""
    "What to change; may be empty."

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f" {self.path}:" if self.path else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{place}:{path} {self.what}{fix}"


class ConfigError(Exception):
    """The configuration is refused; `problems` is never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def path_text(path: Iterable[str | int]) -> str:
    """`("accounts", 0, "id")` → `accounts[0].id`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def did_you_mean(word: str, known: Collection[str], otherwise: str = "") -> str:
    """A suggestion when one of `known` is near `word`, else `otherwise`; nobody is asked among too many."""
    if len(known) > _COMPARED:
        return otherwise
    near = difflib.get_close_matches(word[:64], known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else otherwise

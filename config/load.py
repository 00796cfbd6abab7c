"""A YAML file → `Settings`, or every problem that it has (`design.md` §6)."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.check import check
from config.document import BYTES_MAX, Document, read
from config.error import ConfigError, Problem, path_text
from config.schema import Settings
from config.wording import explain

DEFAULT_FILE: Final = Path(__file__).with_name("tandem.yaml")
"Served when no file is named."

PROBLEMS_MAX: Final = 200
"Problems of one kind that are told; a file that has more has one cause."


def load(path: Path | None, data: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read, expand, validate and cross-check a configuration.

    Args:
        path: the file; None means `TANDEM_CONFIG` of `environ`, else the default configuration, whose
            relative paths start at the working directory.
        data: wins over `TANDEM_DATA` of `environ`, which wins over `node.data`.

    Raises:
        ConfigError: with every problem found.
    """
    if path is None and environ.get("TANDEM_CONFIG"):
        path = Path(environ["TANDEM_CONFIG"])
    if data is None and environ.get("TANDEM_DATA"):
        data = Path(environ["TANDEM_DATA"])
    file = DEFAULT_FILE if path is None else path
    folder = Path.cwd() if path is None else path.absolute().parent
    settings = parse(text_of(file), str(file), folder, environ, file.absolute().parent)
    if data is None:
        return settings
    node = settings.node.model_copy(update={"data": data.expanduser().absolute()})
    return settings.model_copy(update={"node": node})


def parse(
    text: str, file: str, folder: Path, environ: Mapping[str, str], beside: Path | None = None
) -> Settings:
    """Like `load`, of text already read; `file` is the name for problems.

    Args: folder, beside: where relative paths start, and those of what comes with the file.
    """
    document, problems = read(text, file, environ)
    if not isinstance(document.data, dict):
        what = "the file is empty" if document.data is None else "the file is not a mapping of sections"
        raise ConfigError([Problem(file, document.line(()), "", what, "begin with accounts:")])
    try:
        context = {"folder": folder, "beside": beside or folder}
        settings = Settings.model_validate(document.data, context=context)
    except ValidationError as error:
        problems += [_problem(detail, file, document) for detail in _causes(error)[:PROBLEMS_MAX]]
        raise ConfigError(_in_order(problems)) from None
    for path, what, fix in itertools.islice(check(settings), PROBLEMS_MAX):
        problems.append(Problem(file, document.line(path), path_text(path), what, fix))
    if problems:
        raise ConfigError(_in_order(problems))
    return settings


def text_of(file: Path) -> str:
    """Raises `ConfigError` when it cannot be read, is too long or not UTF-8."""
    try:
        with file.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ConfigError([Problem(str(file), None, "", what, "check the path and its rights")]) from None
    if len(content) > BYTES_MAX:
        raise ConfigError([Problem(str(file), None, "", f"longer than {BYTES_MAX} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            [Problem(str(file), line, "", "not UTF-8 text", "save the file as UTF-8")]
        ) from None


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Without lists that are too short only because their entries are refused."""
    details = error.errors(include_url=False)
    refused = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    return [d for d in details if d["type"] != "too_short" or d["loc"] not in refused]


def _problem(detail: ErrorDetails, file: str, document: Document) -> Problem:
    # Steps that pydantic adds for unions and dictionary keys stand for nothing in the file.
    path = list(detail["loc"])
    while path and tuple(path) not in document.lines:
        path.pop()
    known = tuple(path)
    line = document.line(known)
    what, fix = explain(detail, document.raw.get(known), Settings)
    if detail["type"] == "missing":
        known = (*known, str(detail["loc"][-1]))
    return Problem(file, line, path_text(known), what, fix)

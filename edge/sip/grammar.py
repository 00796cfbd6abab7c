"""Lexical rules that several header fields share (RFC 3261 §25.1), read more liberally than written.

Characters are taken possessively, so that groups give back whole rounds alone: time is linear in the input
whatever the input. No group is possessive: in Python before 3.11.5 one goes on where a failed round stopped.
Text is `str` decoded from UTF-8 with `surrogateescape`, so that Latin-1 bytes survive a round trip.
"""

import re
from typing import Final

Params = tuple[tuple[str, str | None], ...]
"(name, value) in order; names as written, values raw (quotes kept), None without `=`."

TOKEN: Final = r"[A-Za-z0-9\-.!%*_+`'~]++"
QUOTED: Final = r'"(?:[^"\\]++|\\.)*"'
HOST: Final = r"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++)"
"Names such as `pc33` and `my_box` are out there, RFC 1123 or not."
SECONDS_MAX: Final = 2**32 - 1

_TOKEN = re.compile(TOKEN)
# A value may hold `=` (base64 tags), `:` and brackets (IPv6 in `received`); a comma ends the element.
_NAME = r"[^\s;,\"<>=]++"
_PARAM = rf"[ \t]*+;[ \t]*+({_NAME})(?:[ \t]*+=[ \t]*+({QUOTED}|[^\s;,\"<>]*+))?"
_PARAM_FIND = re.compile(_PARAM, re.DOTALL)
_PARAMS = re.compile(rf"(?:{_PARAM})*[ \t]*+;?+[ \t]*+", re.DOTALL)
# An open quote or angle runs on: trying again after it would be quadratic.
_ELEMENT = re.compile(r'(?:[^,"<]++|"(?:[^"\\]++|\\.)*"?+|<[^<>]*+>?+)+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]++")


class Malformed(ValueError):
    """The peer's text breaks the grammar of `where`; `status` is the answer it deserves."""

    def __init__(self, where: str, why: str, status: int = 400) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why
        self.status = status


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def split_list(text: str) -> list[str]:
    """Elements of a comma list, stripped; commas in quotes and angles do not split, empty elements vanish."""
    if "," not in text:
        return [text] if text else []
    pieces = text.split(",") if '"' not in text and "<" not in text else _ELEMENT.findall(text)
    return [stripped for piece in pieces if (stripped := piece.strip(" \t"))]


def parse_params(text: str, where: str) -> Params:
    """`;name=value;name` up to the end of `text`. One trailing `;` is forgiven.

    Raises:
        Malformed: `text` is something else.
    """
    if not text:
        return ()
    if _PARAMS.fullmatch(text) is None:
        raise Malformed(where, "bad parameters")
    if '"' in text or " " in text or "\t" in text or text[-1] == ";":
        # `finditer` would try again at every blank before a trailing `;`.
        text = text.rstrip(" \t").removesuffix(";").rstrip(" \t")
        return tuple((m[1], m[2]) for m in _PARAM_FIND.finditer(text))
    found: list[tuple[str, str | None]] = []
    for piece in text[1:].split(";"):
        name, equals, value = piece.partition("=")
        found.append((name, value if equals else None))
    return tuple(found)


def format_params(params: Params) -> str:
    text = ""
    for name, value in params:
        text += f";{name}" if value is None else f";{name}={value}"
    return text


def find_param(params: Params, name: str) -> str | None:
    """Raw value of the first parameter `name` (lower case), "" when it has none, None when absent."""
    for key, value in params:
        if key == name or key.lower() == name:
            return "" if value is None else value
    return None


def without_param(params: Params, *names: str) -> Params:
    """`params` without `names` (given in lower case)."""
    return tuple(param for param in params if param[0].lower() not in names)


def quote(text: str) -> str:
    """`text` as a quoted-string; control characters become spaces."""
    if not text.isprintable():  # also true of escaped Latin-1 bytes, which then stay as they are
        text = _CONTROLS.sub(" ", text)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def unquote(text: str) -> str:
    """Content of a quoted-string; any other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def one_line(text: str) -> str:
    """`text` with every run of control characters as one space, so that it cannot start a header line."""
    return _CONTROLS.sub(" ", text)


def number(text: str, largest: int) -> int | None:
    """ASCII digits up to `largest`, else None. Leading zeros are allowed (RFC 4475 §3.1.1.1)."""
    # The length is bounded since int() of very many digits is quadratic.
    if not text.isdigit() or not text.isascii() or len(text) > 64:
        return None
    value = int(text)
    return value if value <= largest else None


def delta_seconds(text: str) -> int | None:
    """`Expires` and its like [s]: above 2**32-1 is 2**32-1 (RFC 3261 §20.19); None if it is not a number."""
    if not text.isdigit() or not text.isascii():
        return None
    return SECONDS_MAX if len(text) > 64 else min(int(text), SECONDS_MAX)

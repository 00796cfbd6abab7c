"""A session description: bytes → `Description` → bytes (RFC 8866).

Every line is kept in its place, known or not, since an answer and a re-offer are made
from what was there. Read strictly are only the lines that we rely on (v=, o=, c=, m=);
a missing s= or t= is let pass, as phones forget them, and so is any user name in o=.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from config.schema import SipLimits
from config.value import dataclass

Line = tuple[str, str]
"Type letter and value of one line."

_CONTROL: Final = "a control character in the value"
_LONGEST: Final = 1_024  # of a section that is worth remembering
_TYPES: Final = frozenset("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class SdpError:
    """Why a body is not a description; the request that bore it gets 400."""

    line: int
    "Counted from 1; 0: the body as a whole."
    why: str

    def __str__(self) -> str:
        return f"SDP line {self.line}: {self.why}" if self.line else f"SDP: {self.why}"


@dataclass(frozen=True, slots=True)
class Media:
    """One m= section."""

    kind: str
    "`audio`, `video`, `image`…"
    port: int
    "0: rejected or removed (RFC 3264 §6, §8.2)."
    protocol: str
    "`RTP/AVP`…"
    formats: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    "What follows the m= line."
    ports: int = 1
    "Number of consecutive ports, `49170/2`."

    def attribute(self, name: str) -> str | None:
        """Value of the first `a=name:value`, empty for a bare `a=name`, None when absent."""
        return next(attributes(self.lines, name), None)


@dataclass(frozen=True, slots=True)
class Description:
    lines: tuple[Line, ...]
    "The session level, v= first."
    media: tuple[Media, ...] = ()

    def first(self, letter: str) -> str | None:
        """Value of the first session-level line of this type."""
        return next((value for kind, value in self.lines if kind == letter), None)

    @property
    def session(self) -> tuple[str, str]:
        """Session id and version of the o= line."""
        *_, session_id, version, _, _, _ = _fields(self.first("o") or "- 0 0 IN IP4 -")
        return session_id, version

    @property
    def live(self) -> bool:
        """Whether there is any stream."""
        return any(media.port for media in self.media)

    def connection(self, media: Media) -> tuple[str, str] | None:
        """Address type (`IP4`, `IP6`) and address of the c= line that holds for `media` (§5.7)."""
        for lines in (media.lines, self.lines):
            for kind, value in lines:
                if kind == "c" and value:
                    network, family, address = _fields(value)
                    # Of another network than the internet nothing is known, its addresses included.
                    return family.upper() if network.upper() == "IN" else f"{network} {family}", address
        return None


def attributes(lines: tuple[Line, ...], name: str) -> Iterator[str]:
    """Values of every `a=name:value` in order."""
    prefix = name + ":"
    for kind, value in lines:
        if kind == "a":
            if value.startswith(prefix):
                yield value[len(prefix) :].strip(" ")
            elif value == name:
                yield ""


def by_name(lines: tuple[Line, ...]) -> dict[str, list[str]]:
    """What `attributes` gives for every name that there is: for who asks for many."""
    found: dict[str, list[str]] = {}
    for kind, value in lines:
        if kind == "a":
            name, _, rest = value.partition(":")
            found.setdefault(name, []).append(rest.strip(" "))
    return found


def parse(body: bytes, limits: SipLimits) -> Description | SdpError:
    """Never raises; takes LF for CRLF (§5) and keeps bytes that are not UTF-8 as surrogates.

    Blank lines around it, and the zero byte at the end of a C string, are let pass.
    """
    if len(body) > limits.sdp_bytes:
        return SdpError(0, f"longer than {limits.sdp_bytes} bytes")
    text = body.decode("utf-8", "surrogateescape").strip("\r\n\0 ").replace("\r\n", "\n")
    if text.count("\n") >= limits.sdp_lines:
        return SdpError(0, f"more than {limits.sdp_lines} lines")
    head, *sections = text.split("\nm=")
    session = _lines(head, at_session=True)
    if isinstance(session, SdpError):
        return session
    number = head.count("\n") + 2
    media: list[Media] = []
    for section in sections:
        first, _, rest = section.partition("\n")
        if "\r" in first or "\0" in first:
            return SdpError(number, _CONTROL)
        fields = _media(first)
        if isinstance(fields, str):
            return SdpError(number, fields)
        if len(media) == limits.sdp_media:
            return SdpError(number, f"more than {limits.sdp_media} media")
        lines: tuple[Line, ...] | SdpError = ()
        if len(first) < len(section):
            lines = _remembered(rest) if len(rest) <= _LONGEST else _lines(rest)
        if isinstance(lines, SdpError):
            return SdpError(number + lines.line, lines.why)
        media.append(Media(*fields[:4], lines, fields[4]))
        number += 1 + len(lines)
    if sum([letter == "o" for letter, _ in session]) != 1:
        return SdpError(0, "not exactly one o= line")
    return Description(session, tuple(media))


def _lines(block: str, *, at_session: bool = False) -> tuple[Line, ...] | SdpError:
    """Of the session level, or of what follows an m= line; the error's line is counted in `block`."""
    clean = "\r" not in block and "\0" not in block
    lines: list[Line] = []
    for number, line in enumerate(block.split("\n"), 1):
        letter, value = line[:1], line[2:]
        if line[1:2] != "=" or letter not in _TYPES:
            return SdpError(number, "not of the form letter=value")
        if not clean and ("\r" in line or "\0" in line):
            return SdpError(number, _CONTROL)
        if at_session and number == 1 and line != "v=0":
            return SdpError(1, "does not begin with v=0")
        if letter in "cov" and (why := _fault(letter, value, at_session)) is not None:
            return SdpError(number, why)
        lines.append((letter, value))
    return tuple(lines)


# What follows the m= line is for the most part the same in every call of one phone or carrier.
_remembered = lru_cache(maxsize=1_024)(_lines)


def build(description: Description) -> bytes:
    parts = [f"{letter}={value}" for letter, value in description.lines]
    for media in description.media:
        port = str(media.port) if media.ports == 1 else f"{media.port}/{media.ports}"
        parts.append(f"m={' '.join((media.kind, port, media.protocol, *media.formats))}")
        parts += [f"{letter}={value}" for letter, value in media.lines]
    parts.append("")
    return "\r\n".join(parts).encode("utf-8", "surrogateescape")


def _fields(value: str) -> list[str]:
    return [field for field in value.split(" ") if field]


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    number = int(text)
    return number if number <= most else None


def _media(value: str) -> tuple[str, int, str, tuple[str, ...], int] | str:
    """Kind, port, protocol, formats and number of ports of an m= line; or why it is none."""
    fields = _fields(value)
    # Of a stream that is declined some peers write no format (`m=application 0 *`).
    if len(fields) < (3 if fields[1:2] == ["0"] else 4):
        return "m= needs media, port, protocol and at least one format"
    kind, where, protocol, *formats = fields
    first, slash, count = where.partition("/")
    port = _number(first, 65_535)
    ports = _number(count, 65_535) if slash else 1
    if port is None or not ports:
        return "m= has a bad port"
    return kind, port, protocol, tuple(formats), ports


def _fault(letter: str, value: str, at_session: bool) -> str | None:
    match letter:
        case "c" if len(_fields(value)) != 3:
            return "c= needs network type, address type and address"
        case "o" if not at_session or len(_fields(value)) < 5:
            # A user name, which nobody reads, may be missing, or be several words.
            return "o= needs six fields, at session level"
        case "v" if not at_session or value != "0":
            return "v= is not 0"
        case _:
            return None

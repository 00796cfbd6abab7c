"""SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966); any other scheme is kept whole: 416 answers it.

Escapes in the user part are brought to one form at parse: visible ASCII is decoded (`%2B1` and
`*72%23` are numbers that people dial), all else stays `%XX` in upper case. The user therefore
is visible ASCII, and two spellings of one user are equal strings.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, cast
from urllib.parse import unquote as unescape

from config.value import dataclass
from edge.sip.grammar import HOST, Malformed, Params, find_param, format_params, parse_params, without_param

_CACHED: Final = 4_096
_CACHED_LENGTH: Final = 256  # longer ones are not worth remembering
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):([^\s<>\"]++)")
_SIP = re.compile(
    r"([Ss][Ii][Pp][Ss]?+):"
    r"(?:([^@:\s<>\"]*+)(?::([^@\s<>\"]*+))?@)?"
    rf"({HOST})(?::([0-9]{{1,5}}))?"
    r"(;[^?\s<>\"]*+)?(?:\?([^\s<>\"]*+))?"
)
_ODD = re.compile(r"%([0-9A-Fa-f]{2})?|[^\x21-\x7e]")
_NOT_USER = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/%]|%(?![0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"\+?[0-9*#]+")
_SEPARATORS: Final = str.maketrans("", "", "-.()")  # RFC 3966 §3, visual-separator
# §19.1.4: these must stand in both URIs or in neither.
_ALWAYS_COMPARED: Final = ("transport", "user", "ttl", "method", "maddr")


@dataclass(frozen=True, slots=True)
class Uri:
    scheme: str
    "Lower case."
    user: str | None
    "Normalised (see the module); the number of a tel URI."
    host: str
    """As written, but for the dot of the root; IPv6 in brackets; empty for tel; all after the colon for a
    scheme that is neither."""
    port: int | None = None
    params: Params = ()
    headers: str = ""
    "Raw text after `?`, still escaped; read it with `header`."
    password: str | None = None
    "Raw. Deprecated by RFC 3261 §19.1.1, kept because it is part of what is compared and sent back."

    @staticmethod
    def parse(text: str) -> "Uri":
        """Raises:
        Malformed: no scheme, white space, angle brackets, or a bad host or port of a SIP URI.
        """
        return _parse_cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)

    def __str__(self) -> str:
        scheme = self.scheme
        if scheme != "sip" and scheme != "sips":
            return (
                f"{scheme}:{self.user or ''}{self.host}{format_params(self.params)}" if scheme else self.host
            )
        text = self.host
        if (user := self.user) is not None:
            if not user.isalnum() or not user.isascii():
                user = _NOT_USER.sub(_escape, user)
            text = f"{user}@{text}" if self.password is None else f"{user}:{self.password}@{text}"
        if self.port is not None:
            text = f"{text}:{self.port}"
        if self.params:
            text += format_params(self.params)
        return f"{scheme}:{text}?{self.headers}" if self.headers else f"{scheme}:{text}"

    @property
    def is_sip(self) -> bool:
        return self.scheme == "sip" or self.scheme == "sips"

    @property
    def address(self) -> str:
        """The host without the brackets of IPv6."""
        return self.host[1:-1] if self.host[:1] == "[" else self.host

    @property
    def dialled(self) -> str:
        """The user or number that is meant: a telephone number without parameters, in a tel URI, with
        user=phone or behind a + also without separators and with the country code of its phone-context
        (RFC 3261 §19.1.6; RFC 3966 §5.1.1, §5.1.5)."""
        user = self.user or ""
        if user.isalnum() and self.scheme != "tel":
            return user
        number, _, rest = user.partition(";")
        context = self.param("phone-context") or ""
        if self.scheme == "tel" or user[:1] == "+" or (self.param("user") or "").lower() == "phone":
            number = number.replace("%20", "").translate(_SEPARATORS)  # people paste numbers with spaces
            for param in rest.split(";", 16):
                name, _, value = param.partition("=")
                context = value if name.lower() == "phone-context" else context
        if _NUMBER.fullmatch(number) is None:
            return user
        return context.translate(_SEPARATORS) + number if context[:1] == "+" != number[0] else number

    def param(self, name: str) -> str | None:
        """Raw value of the parameter `name` (lower case), "" when it has none, None when absent."""
        return find_param(self.params, name) if self.params else None

    def header(self, name: str) -> str | None:
        """Unescaped value of the header `name` after `?`, e.g. `Replaces` in Refer-To (RFC 3891 §3)."""
        for piece in self.headers.split("&"):
            key, _, value = piece.partition("=")
            if key.lower() == name.lower():
                return unescape(value, errors="surrogateescape")
        return None

    def with_param(self, name: str, value: str | None = None) -> "Uri":
        """The same URI with one parameter `name`, last."""
        return replace(self, params=(*without_param(self.params, name.lower()), (name, value)))

    def without_headers(self) -> "Uri":
        """What may stand in a Request-URI (RFC 3261 §19.1.1, Table 1)."""
        if not self.headers and not self.params:
            return self
        return replace(self, headers="", params=without_param(self.params, "method"))

    def equivalent(self, other: "Uri") -> bool:
        """RFC 3261 §19.1.4; RFC 3966 §4 for tel. Not transitive, as the RFC says.

        An escaped reserved character equals its plain form, which the RFC leaves different.
        """
        if self.scheme != other.scheme:
            return False
        if self.scheme == "tel":
            return _tel_key(self) == _tel_key(other)
        if not self.is_sip:
            return self.host == other.host
        if (self.user, self.password, self.port) != (other.user, other.password, other.port):
            return False
        if self.host.lower() != other.host.lower():
            return False
        mine = {name.lower(): (value or "").lower() for name, value in self.params}
        theirs = {name.lower(): (value or "").lower() for name, value in other.params}
        if any(mine.get(name) != theirs.get(name) for name in _ALWAYS_COMPARED):
            return False
        if any(mine[name] != theirs[name] for name in mine.keys() & theirs.keys()):
            return False
        return _header_key(self.headers) == _header_key(other.headers)


def opaque(text: str) -> Uri:
    """A value for text that is no URI at all, so that the request that carries it can be answered."""
    return Uri("", None, text)


def _parse(text: str) -> Uri:
    if (match := _SIP.fullmatch(text)) is None:
        return _parse_other(text)
    scheme, user, password, host, port, params, headers = match.groups()
    if port is not None and int(port) > 65_535:
        raise Malformed("URI", "port above 65535")
    if user and ("%" in user or not user.isalnum() or not user.isascii()):
        user = _ODD.sub(_normalise, user)
    return Uri(
        scheme.lower(),
        user,
        host[:-1] if host[-1] == "." and host[-2:-1] not in ("", ".") else host,
        None if port is None else int(port),
        parse_params(params, "URI") if params else (),
        headers or "",
        password,
    )


# A C-speed memo; the cast gives back the signature that lru_cache's wrapper hides.
_parse_cached = cast(Callable[[str], Uri], functools.lru_cache(_CACHED)(_parse))


def _parse_other(text: str) -> Uri:
    match = _SCHEME.fullmatch(text)
    if match is None:
        raise Malformed("URI", "not a URI")
    scheme, rest = match[1].lower(), match[2]
    if scheme == "sip" or scheme == "sips":
        raise Malformed("URI", "bad SIP URI")
    if scheme != "tel":
        return Uri(scheme, None, rest)
    number, semicolon, params = rest.partition(";")
    return Uri(scheme, number, "", params=parse_params(semicolon + params, "URI"))


def _normalise(match: re.Match[str]) -> str:
    if match[1] is None:
        return _escape(match)
    code = int(match[1], 16)
    # `;` would start a parameter of the user part, `%` an escape.
    return chr(code) if 0x21 <= code <= 0x7E and code != 0x3B and code != 0x25 else f"%{code:02X}"


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))


def _header_key(headers: str) -> list[tuple[str, str]]:
    pairs = (piece.partition("=") for piece in headers.split("&"))
    return sorted((name.lower(), unescape(value, errors="surrogateescape")) for name, _, value in pairs)


def _tel_key(uri: Uri) -> tuple[str, list[tuple[str, str]]]:
    params = sorted((name.lower(), (value or "").lower()) for name, value in uri.params)
    return (uri.user or "").translate(_SEPARATORS).lower(), params

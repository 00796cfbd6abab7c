"""From, To, Contact, Route, Record-Route, Refer-To…: `"Name" <uri>;params` or `uri;params` (§20.10)."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Final, cast

from config.value import dataclass
from edge.sip.grammar import (
    Malformed,
    Params,
    find_param,
    format_params,
    is_token,
    parse_params,
    quote,
    split_list,
    unquote,
    without_param,
)
from edge.sip.uri import Uri, opaque

_CACHED: Final = 4_096
_CACHED_LENGTH: Final = 256  # longer ones are not worth remembering
# Names without quotes may hold what is no token (RFC 4475 §3.1.2.15); the `<` says where they end.
_NAME_ADDR = re.compile(r'("(?:[^"\\]++|\\.)*"|[^<"]*+)[ \t]*+<([^<>]*+)>[ \t]*+(.*+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    display: str
    "Unquoted; empty when there is none."
    uri: Uri
    params: Params = ()
    "Of the header field, not of the URI; values raw."

    @staticmethod
    def parse(text: str, where: str = "address") -> "Address":
        """One address; `where` names the header field in the error.

        Raises:
            Malformed: anything else than one address, `*` included.
        """
        try:
            return _parse_cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)
        except Malformed as fault:
            raise Malformed(where, fault.why) from None

    @staticmethod
    def salvage(text: str) -> "Address":
        """The parameters, and with them the tag, of an address whose URI cannot be read.

        Raises:
            Malformed: these cannot be read either.
        """
        uri, close, params = text.rpartition(">")
        if not close:
            uri, semicolon, rest = text.partition(";")
            params = semicolon + rest
        return Address("", opaque(uri + close), parse_params(params.strip(" \t"), "address"))

    @staticmethod
    def parse_many(values: str | Iterable[str], where: str = "address") -> "tuple[Address, ...]":
        """Addresses of a comma list, or of several header values.

        Raises:
            Malformed: one of them is no address.
        """
        if isinstance(values, str):
            values = (values,)
        return tuple(Address.parse(element, where) for value in values for element in split_list(value))

    def __str__(self) -> str:
        if self is STAR:
            return "*"
        text = f"{quote(self.display)} <{self.uri}>" if self.display else f"<{self.uri}>"
        return text + format_params(self.params) if self.params else text

    @property
    def tag(self) -> str:
        """The `tag` parameter (§19.3), empty when there is none."""
        return find_param(self.params, "tag") or ""

    def param(self, name: str) -> str | None:
        """Unquoted value of the parameter `name` (lower case), "" when it has none, None when absent."""
        value = find_param(self.params, name)
        return unquote(value) if value else value

    @property
    def preference(self) -> float:
        """q, from 0 to 1; what is absent or no number is 1 (§10.2.1.2)."""
        text = find_param(self.params, "q") if self.params else None
        if text is None or len(text) > 5 or not text.replace(".", "", 1).isdigit() or not text.isascii():
            return 1.0
        return min(float(text), 1.0)

    def with_param(self, name: str, value: str | None = None) -> "Address":
        """The same address with one parameter `name`, last; a value that is no token is quoted."""
        if value is not None and not is_token(value):
            value = quote(value)
        return Address(self.display, self.uri, (*without_param(self.params, name.lower()), (name, value)))

    def with_tag(self, tag: str) -> "Address":
        return self.with_param("tag", tag)


STAR: Final = Address("", opaque("*"))
"`Contact: *` (§10.2.2); compare with `is`."


def _parse(text: str) -> Address:
    match = _NAME_ADDR.fullmatch(text)
    if match is None:
        spec, semicolon, rest = text.partition(";")
        # §20.10: a URI with `?` must stand in angles (RFC 4475 §3.1.2.13).
        if "?" in spec:
            raise Malformed("address", "URI with headers outside <>")
        return Address("", Uri.parse(spec.strip(" \t")), parse_params(semicolon + rest, "address"))
    display, uri, params = match.groups()
    if display:
        display = display.strip(" \t")
        if display[:1] == '"':
            display = unquote(display)
    return Address(display, Uri.parse(uri.strip(" \t")), parse_params(params, "address") if params else ())


# From, To and Contact come again in every message of a dialog, and in every refresh of a registration.
_parse_cached = cast(Callable[[str], Address], functools.lru_cache(_CACHED)(_parse))

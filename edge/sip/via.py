"""Via: the way that the response takes back (RFC 3261 §18.2, §20.42; RFC 3581: rport; RFC 6223: keep)."""

import re
from collections.abc import Iterable
from typing import Final

from config.value import dataclass
from edge.sip.grammar import (
    HOST,
    TOKEN,
    Malformed,
    Params,
    find_param,
    format_params,
    number,
    parse_params,
    split_list,
    without_param,
)

_VIA = re.compile(
    r"SIP[ \t]*+/[ \t]*+[0-9.]++[ \t]*+/[ \t]*+"
    rf"({TOKEN})[ \t]++({HOST})(?:[ \t]*+:[ \t]*+([0-9]{{1,5}}))?[ \t]*+(.*+)",
    re.IGNORECASE | re.DOTALL,
)
_KEPT_ALIVE: Final = 25
"How often we recommend keep-alives: more often than NATs forget UDP (RFC 5626 §4.4.2, RFC 6223 §7) [s]."
_SALVAGED = re.compile(r";[ \t]*+(branch|rport)(?:=([^\s;,\"]++))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Via:
    transport: str
    "Upper case: UDP, TCP, TLS, WS, WSS or what the peer made up."
    host: str
    "sent-by as written, IPv6 in brackets."
    port: int | None
    params: Params = ()

    @staticmethod
    def parse(text: str) -> "Via":
        """One Via. The version is not looked at (the start line's counts), and is 2.0 in `str`.

        Raises:
            Malformed: anything else.
        """
        match = _VIA.fullmatch(text)
        if match is None:
            raise Malformed("Via", "bad protocol or sent-by")
        transport, host, port, params = match.groups()
        return Via(transport.upper(), host, _port(port), parse_params(params, "Via"))

    @staticmethod
    def parse_many(values: str | Iterable[str]) -> "tuple[Via, ...]":
        """Vias of a comma list, or of several header values, topmost first.

        Raises:
            Malformed: one of them is no Via.
        """
        if isinstance(values, str):
            values = (values,)
        return tuple(Via.parse(element) for value in values for element in split_list(value))

    @staticmethod
    def salvage(text: str) -> "Via":
        """Where to answer, out of a Via with broken parameters: sent-by, branch and rport alone.

        Raises:
            Malformed: not even a sent-by.
        """
        match = _VIA.match(text)
        if match is None:
            raise Malformed("Via", "bad protocol or sent-by")
        params = tuple((m[1].lower(), m[2]) for m in _SALVAGED.finditer(match[4]))
        return Via(match[1].upper(), match[2], _port(match[3]), params)

    def __str__(self) -> str:
        sent_by = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"SIP/2.0/{self.transport} {sent_by}{format_params(self.params)}"

    @property
    def branch(self) -> str:
        """Empty when there is none (RFC 2543 peers)."""
        return find_param(self.params, "branch") or ""

    @property
    def received(self) -> str | None:
        """Source address as the server saw it, IPv6 without brackets (RFC 5118 §4.5)."""
        value = find_param(self.params, "received")
        return value[1:-1] if value and value[0] == "[" and value[-1] == "]" else value

    @property
    def rport(self) -> int | None:
        """None when absent; 0 when present without a number, i.e. asked for (RFC 3581 §3)."""
        value = find_param(self.params, "rport")
        return None if value is None else number(value, 65_535) or 0

    @property
    def maddr(self) -> str | None:
        return find_param(self.params, "maddr")

    @property
    def address(self) -> str:
        """The sent-by host without the brackets of IPv6."""
        return self.host[1:-1] if self.host[:1] == "[" else self.host

    def with_param(self, name: str, value: str | None = None) -> "Via":
        """The same Via with one parameter `name`, last."""
        return Via(self.transport, self.host, self.port, (*without_param(self.params, name), (name, value)))

    def seen_from(self, address: str, port: int) -> "Via":
        """The Via with the source of its packet noted (RFC 3261 §18.2.1, RFC 3581 §4).

        `received` is added when the source is not what sent-by says or when rport was asked for;
        what the peer claimed there itself is dropped. Who asks whether we answer its keep-alives is told so.
        """
        asked = self.rport is not None
        keeps = any(name.lower() == "keep" and not value for name, value in self.params)
        if not (asked or keeps) and self.address == address and find_param(self.params, "received") is None:
            return self
        if keeps:
            return self.with_param("keep", str(_KEPT_ALIVE)).seen_from(address, port)
        kept = [param for param in self.params if param[0].lower() not in ("received", "rport")]
        if asked or self.address != address:
            kept.append(("received", address))
        if asked:
            kept.append(("rport", str(port)))
        return Via(self.transport, self.host, self.port, tuple(kept))


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if (port := int(text)) > 65_535:
        raise Malformed("Via", "port above 65535")
    return port

"""How the legs of browsers are found: `media.ice`."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from config.section import Section, refusal

_STUN: Final = re.compile(r"stun:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")


def _stun(value: str) -> str:
    if value.startswith(("turn:", "turns:")):
        fix = "let browsers, or their TURN, reach listen.rtp.ports; behind a NAT set node.public_address"
        raise refusal("no relay of our own is used", fix)
    match = _STUN.fullmatch(value)
    if match is None or not 0 < int(match[2] or 3_478) < 65_536:
        raise refusal("no STUN server", "write stun:host or stun:host:port")
    return value


class Ice(Section):
    """How legs of browsers are found (WebRTC)."""

    servers: tuple[Annotated[str, AfterValidator(_stun)], ...] = Field(default=(), max_length=4)
    "STUN servers that tell at which address of a NAT our RTP ports are seen: `stun:host:port`."

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Hosts, numeric or not, and ports."""
        matches = (_STUN.fullmatch(server) for server in self.servers)
        return tuple((match[1].strip("[]"), int(match[2] or 3_478)) for match in matches if match is not None)

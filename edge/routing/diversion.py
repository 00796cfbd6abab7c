"""Diversion (RFC 5806) and History-Info (RFC 7044): who was dialled first, and who has sent the call on."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from edge.routing.forward import Diversion, Why
from edge.sip.grammar import Malformed
from edge.sip.message import Request
from edge.sip.uri import Uri

READ: Final = 32
"Entries of a peer's Diversion that are counted."

_CAUSE: Final = {
    Why.ALWAYS: 302,
    Why.BUSY: 486,
    Why.DO_NOT_DISTURB: 480,
    Why.NO_ANSWER: 408,
    Why.UNREACHABLE: 404,
    Why.DEFLECTED: 480,
}
"RFC 4458 §2.1, where deflection is 480."


def headers(diversions: Sequence[Diversion], target: Uri) -> tuple[tuple[str, str], ...]:
    """For an INVITE to `target` after these hops, oldest first; nothing when there are none."""
    if not diversions:
        return ()
    made = [
        ("Diversion", f"<{_uri(hop)}>;reason={hop.why.value};counter=1;privacy=off")
        for hop in reversed(diversions)  # the last one stands first (RFC 5806 §5)
    ]
    index, entries = "1", []
    for number, hop in enumerate(diversions):
        uri = _uri(hop)
        if number:
            entries.append(f"<{uri}{_reason(diversions[number - 1])}>;index={index};mp=1")
        else:
            entries.append(f"<{uri}>;index={index}")
        index += ".1"
    last = Uri("sip", target.user, target.host, target.port)
    entries.append(f"<{last}{_reason(diversions[-1])}>;index={index};mp={index.rpartition('.')[0]}")
    return (*made, ("History-Info", ", ".join(entries)))


def count(request: Request) -> int:
    """How many hops a peer's INVITE has behind it, by its Diversion."""
    try:
        hops = request.addresses("Diversion")
    except Malformed:
        return 0
    total = 0
    for hop in hops[:READ]:
        given = hop.param("counter") or "1"
        total += int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 1
    return total


def _uri(hop: Diversion) -> Uri:
    return Uri("sip", hop.number, hop.domain)


def _reason(hop: Diversion) -> str:
    """Of the hop before, as the target URI carries it (RFC 4458, RFC 7044 §6.3.1)."""
    text = quote(f'SIP;cause={_CAUSE[hop.why]};text="{hop.why.value}"', safe="")
    return f";cause={_CAUSE[hop.why]}?Reason={text}"

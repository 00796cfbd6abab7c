"""Package `dialog` (RFC 4235): the calls of a user, for busy lamps."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from edge.event.line import Line
from edge.sip.uri import Uri

CONTENT_TYPE: Final = "application/dialog-info+xml"


def document(number: str, domain: str, version: int, lines: Sequence[Line]) -> bytes:
    """The full state; none of it says more of the other side than its number.

    Who is in no call has one dialog that has ended: some phones put a lamp out for nothing less.
    """
    entity = quoteattr(str(Uri("sip", number, domain)))
    parts = [
        '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f'version="{version}" state="full" entity={entity}>'
    ]
    for line in lines:
        direction = "initiator" if line.outgoing else "recipient"
        remote = quoteattr(str(Uri("sip", line.remote, domain)))
        parts.append(
            f'<dialog id={quoteattr(str(line.call))} direction="{direction}">'
            f"<state>{line.stage.value}</state>"
            f"<local><target uri={entity}/></local><remote><target uri={remote}/></remote></dialog>"
        )
    if not lines:
        parts.append('<dialog id="none"><state>terminated</state></dialog>')
    parts.append("</dialog-info>\n")
    return "".join(parts).encode()

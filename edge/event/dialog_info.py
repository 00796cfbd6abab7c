"""Package `dialog` (RFC 4235): the calls of a user, for busy lamps.

A call that rings has an identity by which phones pick it up: `call-id`, and tags that say nothing, since they
may come back either way round. One that is up has none, or a lamp would do for taking it away.
"""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from edge.event.line import Line
from edge.sip.uri import Uri
from edge.trunk.caller import ANONYMOUS

CONTENT_TYPE: Final = "application/dialog-info+xml"


def document(number: str, domain: str, version: int, lines: Sequence[Line]) -> bytes:
    """The full state; none of it says more of the other side than its number, or not even that (RFC 3323).

    Who is in no call has one dialog that has ended: some phones put a lamp out for nothing less.
    """
    own = Uri("sip", number, domain)
    entity = quoteattr(str(own))
    parts = [
        '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f'version="{version}" state="full" entity={entity}>'
    ]
    for line in lines:
        direction = "initiator" if line.outgoing else "recipient"
        id = quoteattr(str(line.call))
        named = f' call-id={id} local-tag="ring" remote-tag="ring"' if line.waits else ""
        parts.append(f'<dialog id={id}{named} direction="{direction}"><state>{line.stage.value}</state>')
        other = Uri("sip", line.remote, domain) if line.remote else ANONYMOUS.uri
        for side, uri in (("local", str(own)), ("remote", str(other))):
            parts.append(f"<{side}><identity>{escape(uri)}</identity><target uri={quoteattr(uri)}/></{side}>")
        parts.append("</dialog>")
    if not lines:
        parts.append('<dialog id="none"><state>terminated</state></dialog>')
    parts.append("</dialog-info>\n")
    return "".join(parts).encode()

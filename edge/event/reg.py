"""Package `reg` (RFC 3680): where a user is registered, and for how long.

A registration is `init` until its first report, and `terminated` when a later one has no contact (§4.1).
"""

import hashlib
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from edge.journal import Binding
from edge.sip.uri import Uri

CONTENT_TYPE: Final = "application/reginfo+xml"


def document(number: str, domain: str, version: int, bindings: Sequence[Binding], wall: int) -> bytes:
    """Args: wall: [ms UTC]."""
    state = "active" if bindings else "terminated" if version else "init"
    aor = quoteattr(str(Uri("sip", number, domain)))
    parts = [
        '<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" '
        f'version="{version}" state="full">'
        f'<registration aor={aor} id="r1" state="{state}">'
    ]
    for binding in bindings:
        id = hashlib.blake2b(f"{binding.aor} {binding.contact}".encode(), digest_size=8).hexdigest()
        uri = escape(binding.contact)
        left = max(binding.expires_at - wall, 0) // 1000
        parts.append(f'<contact id="{id}" state="active" event="registered" expires="{left}">')
        parts.append(f"<uri>{uri}</uri></contact>")
    parts.append("</registration></reginfo>\n")
    return "".join(parts).encode()

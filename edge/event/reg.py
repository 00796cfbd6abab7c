"""Package `reg` (RFC 3680): where a user is registered."""

import hashlib
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from edge.journal import Binding

CONTENT_TYPE: Final = "application/reginfo+xml"


def document(number: str, domain: str, version: int, bindings: Sequence[Binding]) -> bytes:
    state = "active" if bindings else "init"
    parts = [
        '<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" '
        f'version="{version}" state="full">'
        f'<registration aor={quoteattr(f"sip:{number}@{domain}")} id="r1" state="{state}">'
    ]
    for binding in bindings:
        id = hashlib.blake2b(f"{binding.aor} {binding.contact}".encode(), digest_size=8).hexdigest()
        uri = escape(binding.contact)
        parts.append(f'<contact id="{id}" state="active" event="registered"><uri>{uri}</uri></contact>')
    parts.append("</registration></reginfo>\n")
    return "".join(parts).encode()

"""Package `presence` (RFC 3856) as PIDF (RFC 3863), with `on-the-phone` of RPID (RFC 4480)."""

from typing import Final
from xml.sax.saxutils import quoteattr

from edge.sip.uri import Uri

CONTENT_TYPE: Final = "application/pidf+xml"


def document(number: str, domain: str, *, reachable: bool, busy: bool) -> bytes:
    """Open: a phone is registered. Busy: at least one call is up or rings."""
    entity = quoteattr(str(Uri("sip", number, domain)))
    basic = "open" if reachable else "closed"
    activity = "<rpid:activities><rpid:on-the-phone/></rpid:activities>" if busy else ""
    note = "On the phone" if busy else "Available" if reachable else "Away"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" '
        'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        f'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={entity}>'
        f'<tuple id="t1"><status><basic>{basic}</basic></status><note>{note}</note></tuple>'
        f'<dm:person id="p1">{activity}</dm:person></presence>\n'
    ).encode()

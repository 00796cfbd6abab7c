"""Whom a TLS certificate proves its holder to be (RFC 5922 §7, RFC 9525 §6.3).

A certificate that names SIP domains as URIs is good for those alone; else its DNS names count, and
its IP addresses for a peer that we know by address. Departing from RFC 5922 §7.2, `*.example.com` is
taken for one more label on the left: carriers use such certificates. The subject's CN is not looked at.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from edge.sip.grammar import Malformed
from edge.sip.uri import Uri

PeerCertificate = Mapping[str, Any]
"As `SSLSocket.getpeercert` gives it; its chain has been verified."


def proves(certificate: PeerCertificate, name: str) -> bool:
    """Whether the holder is the SIP domain, host or IP address `name`."""
    names: tuple[tuple[str, str], ...] = certificate.get("subjectAltName", ())
    address = _address(name)
    if address is not None:
        return any(kind == "IP Address" and _address(text) == address for kind, text in names)
    wanted = name.lower().rstrip(".")
    domains = [domain for kind, text in names if kind == "URI" and (domain := _sip_domain(text))]
    if domains:
        return wanted in domains
    return any(kind == "DNS" and _matches(text.lower().rstrip("."), wanted) for kind, text in names)


def _sip_domain(text: str) -> str | None:
    """The domain of `sip:example.com`; a URI with a user names a person, no server (§7.1)."""
    try:
        uri = Uri.parse(text)
    except Malformed:
        return None
    return uri.host.lower() if uri.scheme in ("sip", "sips") and uri.user is None else None


def _matches(pattern: str, wanted: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == wanted
    label, _, rest = wanted.partition(".")
    return bool(label) and rest == pattern[2:] and "." in rest


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None

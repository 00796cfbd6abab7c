"""Addresses that a URL given by a stranger must not lead to (SSRF).

Who may make agents, tools and trunks by API would else read our metadata service, our router and
our own gates. A name is judged by what it resolves to, at the moment of the connection.
"""

import ipaddress


def is_public(address: str) -> bool:
    """Whether anybody on the Internet could reach it as well."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def literal(host: str) -> str | None:
    """The numeric address that `host` is; None for a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_private_host(host: str) -> bool:
    """Whether `host` is numeric and not public, or a name of this machine."""
    name = host.lower().rstrip(".")
    address = literal(name)
    return name == "localhost" if address is None else not is_public(address)

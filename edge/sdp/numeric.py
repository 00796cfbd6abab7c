"""Numeric addresses in descriptions (RFC 8866 §5.7)."""

import ipaddress
from functools import lru_cache
from typing import Final

_LONGEST_ADDRESS: Final = 45  # an IPv6 address that ends in an IPv4 one, RFC 4291 §2.2
_BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")


def numeric(family: str, address: str) -> str | None:
    """The address in normal form, or None for names, multicast, scoped and malformed ones."""
    if len(family) != 3 or len(address) > _LONGEST_ADDRESS:
        return None  # nor may it fill the memo
    return _numeric(family, address)


@lru_cache(maxsize=4096)
def _numeric(family: str, address: str) -> str | None:
    parsed: ipaddress.IPv4Address | ipaddress.IPv6Address
    try:
        match family:
            case "IP4":
                parsed = ipaddress.IPv4Address(address)
            case "IP6" if "%" not in address:
                parsed = ipaddress.IPv6Address(address)
            case _:
                return None
    except ValueError:
        return None
    if parsed.is_multicast or parsed == _BROADCAST:
        return None
    return str(parsed)

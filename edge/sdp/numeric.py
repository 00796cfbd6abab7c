"""Addresses in descriptions, numeric or names (RFC 8866 §5.7)."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

_LONGEST_ADDRESS: Final = 45  # an IPv6 address that ends in an IPv4 one, RFC 4291 §2.2
_LONGEST_NAME: Final = 253  # RFC 1035 §2.3.4
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")


def numeric(family: str, address: str) -> str | None:
    """The address in normal form, or None for names, multicast, scoped and malformed ones."""
    if len(family) != 3 or len(address) > _LONGEST_ADDRESS:
        return None  # nor may it fill the memo
    return _numeric(family, address)


def host_name(family: str, address: str) -> str:
    """The fully qualified name in lower case; empty for what is none, as a last label of digits shows."""
    if family not in ("IP4", "IP6") or len(address) > _LONGEST_NAME:
        return ""
    labels = address.lower().removesuffix(".").split(".")
    well = len(labels) > 1 and not labels[-1][:1].isdigit() and all(map(_LABEL.fullmatch, labels))
    return ".".join(labels) if well else ""


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

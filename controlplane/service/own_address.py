"""Which addresses are this machine's: what a phone may name instead of the SIP domain."""

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_REMEMBERED: Final = 1_024
"Answers kept; peers choose what is asked."


class OwnAddresses:
    """`address in own`: that we listen on, the public one, or any of this machine if we listen on all."""

    def __init__(self, listening: Iterable[str], public: str | None = None) -> None:
        """Args: listening: addresses of the SIP listeners, `0.0.0.0` and `::` among them."""
        texts = {*listening, *(() if public is None else (public,))}
        addresses = {ipaddress.ip_address(text) for text in texts}
        self._named = frozenset(str(address) for address in addresses if not address.is_unspecified)
        self._all = frozenset(address.version for address in addresses if address.is_unspecified)
        self._is_local = lru_cache(maxsize=_REMEMBERED)(_is_local)

    def __contains__(self, text: object) -> bool:
        if not isinstance(text, str):
            return False
        if text in self._named:
            return True
        try:
            address = ipaddress.ip_address(text.strip("[]"))
        except ValueError:
            return text == "localhost"
        if str(address) in self._named:
            return True
        return address.version in self._all and not address.is_unspecified and self._is_local(str(address))


class Networks:
    """`address in networks`: whether a numeric address lies in one of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(text) for text in texts]
        self._holds = lru_cache(maxsize=_REMEMBERED)(self._find)

    def __contains__(self, text: object) -> bool:
        return bool(self._networks) and isinstance(text, str) and self._holds(text)

    def _find(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _is_local(address: str) -> bool:
    """Whether a socket can be bound there, which the kernel allows for its own addresses alone."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True

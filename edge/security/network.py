"""Addresses as the security of the edge counts them: IPv4 singly, IPv6 by /64, networks in CIDR form.

A subscriber of IPv6 has a whole /64 to send from, so that is what one source is (RFC 6177 §2).
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

_WHOLE: Final = {4: 32, 6: 128}
_SOURCE_BITS: Final = 64


def source_of(address: str) -> str:
    """The source that a numeric address belongs to: `192.0.2.1`, or `2001:db8::/64`."""
    if ":" not in address:
        return address
    parsed = _parse(address)
    if parsed is None:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, _SOURCE_BITS)))


def network_of(text: str) -> str | None:
    """What an operator wrote, an address or a network, in the one form that it is kept in; None: neither."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and (mapped := network.network_address.ipv4_mapped):
        network = ipaddress.ip_network((mapped, network.prefixlen - 96), strict=False)
    whole = network.prefixlen == _WHOLE[network.version]
    return str(network.network_address) if whole else str(network)


def bannable(text: str) -> str | None:
    """Like `network_of`, but no part of a /64 alone: its owner would send from another part."""
    network = network_of(text)
    if network is None or ":" not in network:
        return network
    parsed = ipaddress.IPv6Network(network)
    return str(parsed.supernet(new_prefix=_SOURCE_BITS)) if parsed.prefixlen > _SOURCE_BITS else network


def covers(network: str, other: str) -> bool:
    """Whether all of `other` lies in `network`; both from `network_of`."""
    one, two = ipaddress.ip_network(network), ipaddress.ip_network(other)
    return one.version == two.version and one.prefixlen <= two.prefixlen and two.network_address in one


class NetworkTable(Generic[Value]):
    """Networks, each with a value; finding an address costs one step for each length of prefix in use."""

    def __init__(self, entries: Iterable[tuple[str, Value]] = ()) -> None:
        self._values: dict[str, Value] = {}
        self._by_length: dict[tuple[int, int], dict[int, str]] = {}
        for network, value in entries:
            self.put(network, value)

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def values(self) -> Iterable[Value]:
        return self._values.values()

    def get(self, network: str) -> Value | None:
        return self._values.get(network)

    def put(self, network: str, value: Value) -> None:
        """Args: network: from `network_of`."""
        key, number = _place(network)
        self._by_length.setdefault(key, {})[number] = network
        self._values[network] = value

    def pop(self, network: str) -> Value | None:
        value = self._values.pop(network, None)
        if value is not None:
            key, number = _place(network)
            held = self._by_length[key]
            del held[number]
            if not held:
                del self._by_length[key]
        return value

    def within(self, network: str) -> list[str]:
        """Those that lie in `network`, itself included."""
        (version, bits), number = _place(network)
        return [
            name
            for (of, longer), held in self._by_length.items()
            if of == version and longer >= bits
            for place, name in held.items()
            if place >> (longer - bits) == number
        ]

    def find(self, address: str) -> Value | None:
        """Of a network that holds the numeric `address`."""
        if not self._by_length or (parsed := _parse(address)) is None:
            return None
        version, number = parsed.version, int(parsed)
        for (of, bits), held in self._by_length.items():
            if of == version and (network := held.get(number >> (_WHOLE[of] - bits))) is not None:
                return self._values[network]
        return None


def _place(network: str) -> tuple[tuple[int, int], int]:
    parsed = ipaddress.ip_network(network)
    bits = parsed.prefixlen
    return (parsed.version, bits), int(parsed.network_address) >> (parsed.max_prefixlen - bits)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed

"""What one source is, and finding the network of an address."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.security.network import NetworkTable, bannable, covers, network_of, source_of

ADDRESSES = st.one_of(
    st.ip_addresses(v=4), st.integers(0, 2**24).map(lambda n: ipaddress.ip_address(n << 96 | n))
)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_a_source_is_an_ipv4_address_or_a_64(address: str, source: str) -> None:
    assert source_of(address) == source


@pytest.mark.parametrize(
    ("text", "network", "banned"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.77/24", "192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::/64"),
        ("2001:db8::/48", "2001:db8::/48", "2001:db8::/48"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24", "192.0.2.0/24"),
        ("::/40", "::/40", "::/40"),
        ("192.0.2", None, None),
        ("", None, None),
        ("example.org", None, None),
        ("192.0.2.1/33", None, None),
    ],
)
def test_every_network_has_one_form(text: str, network: str | None, banned: str | None) -> None:
    assert network_of(text) == network and bannable(text) == banned


@given(st.dictionaries(st.tuples(ADDRESSES, st.integers(0, 32)), st.integers(), max_size=8), ADDRESSES)
def test_an_address_is_found_in_a_network_exactly_when_it_lies_in_one(
    placed: dict[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int], int],
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    table: NetworkTable[str] = NetworkTable()
    networks = []
    for base, bits in placed:
        network = ipaddress.ip_network((base, bits + (0 if base.version == 4 else 32)), strict=False)
        networks.append(network)
        table.put(network_of(str(network)) or "", str(network))
    found = table.find(str(address))
    assert (found is not None) == any(address in network for network in networks)
    assert found is None or address in ipaddress.ip_network(found)


def test_within_lists_what_lies_inside() -> None:
    table = NetworkTable(
        (name, name) for name in ("192.0.2.1", "192.0.2.0/25", "192.0.0.0/16", "2001:db8::/64")
    )
    assert sorted(table.within("192.0.2.0/24")) == ["192.0.2.0/25", "192.0.2.1"]
    assert table.within("2001:db8::/32") == ["2001:db8::/64"]
    assert table.pop("192.0.2.1") == "192.0.2.1" and table.pop("192.0.2.1") is None
    assert table.find("192.0.2.200") == "192.0.0.0/16" and len(table) == 3


def test_covering_keeps_the_families_apart() -> None:
    assert covers("0.0.0.0/0", "192.0.2.1") and not covers("0.0.0.0/0", "2001:db8::1")
    assert not covers("192.0.2.1", "192.0.2.0/24")

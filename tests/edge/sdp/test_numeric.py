"""Addresses in descriptions (RFC 8866 §5.7)."""

import pytest

from edge.sdp.numeric import host_name, numeric


@pytest.mark.parametrize(
    ("family", "address", "normal"),
    [
        ("IP4", "192.0.2.1", "192.0.2.1"),
        ("IP4", "0.0.0.0", "0.0.0.0"),
        ("IP6", "2001:DB8:0::1", "2001:db8::1"),
        ("IP4", "example.com", None),
        ("IP4", "9b36eaac-bb2e-49bb-bb78-21c41c499900.local", None),
        ("IP4", "224.0.0.1", None),
        ("IP4", "255.255.255.255", None),
        ("IP6", "fe80::1%eth0", None),
        ("IP6", "192.0.2.1", None),
        ("IP5", "192.0.2.1", None),
        ("IP4", "1" * 5_000, None),
    ],
)
def test_only_numeric_unicast_addresses_are_taken(family: str, address: str, normal: str | None) -> None:
    assert numeric(family, address) == normal


@pytest.mark.parametrize(
    ("family", "address", "name"),
    [
        ("IP4", "Media.Carrier.example", "media.carrier.example"),
        ("IP6", "a.example.", "a.example"),
        ("IP4", "gw-7.0.example", "gw-7.0.example"),
        ("IP4", "192.0.2.300", ""),
        ("IP4", "224.2.1.1/127", ""),
        ("IP4", "localhost", ""),
        ("IP4", "-a.example", ""),
        ("IP4", "a..example", ""),
        ("IP4", "a_b.example", ""),
        ("IP5", "a.example", ""),
        ("IP4", "a." * 200 + "example", ""),
    ],
)
def test_a_name_is_told_from_an_address_that_is_mistyped(family: str, address: str, name: str) -> None:
    assert host_name(family, address) == name

"""The SSRF guard."""

import pytest

from config.address import is_private_host, is_public, literal


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "2002:0a00:0001::1", "::",
     "255.255.255.255", "x"],
)  # fmt: skip
def test_what_only_we_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_what_anybody_can_reach_is(address: str) -> None:
    assert is_public(address)


def test_a_literal_is_told_from_a_name() -> None:
    assert (literal("[::1]"), literal("10.0.0.1"), literal("localhost")) == ("::1", "10.0.0.1", None)


def test_a_host_is_private_by_its_address_or_by_the_name_of_this_machine() -> None:
    for host in ("127.0.0.1", "[::1]", "::1", "localhost", "LocalHost.", "169.254.169.254"):
        assert is_private_host(host)
    assert not any(map(is_private_host, ("93.184.216.34", "carrier.example", "")))

"""The SSRF guard."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from controlplane.provider.address import PublicResolver, is_public, literal


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


class Zone(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = {"hostname": host, "port": port, "family": family, "proto": 0, "flags": 0}
        return [ResolveResult(**found, host=address) for address in self._addresses]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        pass


async def test_a_name_is_judged_by_what_it_resolves_to() -> None:
    mixed = await PublicResolver(Zone("10.0.0.1", "93.184.216.34")).resolve("rebound.example", 80)
    assert [result["host"] for result in mixed] == ["93.184.216.34"]
    resolver = PublicResolver(Zone("127.0.0.1"))
    with pytest.raises(OSError, match="no public address"):
        await resolver.resolve("rebound.example", 80)
    await resolver.close()

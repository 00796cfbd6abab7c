"""Names that strangers' URLs have: what is left of their addresses."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from controlplane.provider.address import PublicResolver


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

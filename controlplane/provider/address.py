"""Resolves names for URLs that strangers have given: the SSRF guard of outgoing HTTP (`config.address`)."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from config.address import is_public


class PublicResolver(AbstractResolver):
    """Resolves names, and forgets those of their addresses that are private."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises `OSError` when nothing public is left."""
        found = [
            result for result in await self._inner.resolve(host, port, family) if is_public(result["host"])
        ]
        if not found:
            raise OSError(None, f"{host} has no public address")
        return found

    async def close(self) -> None:
        await self._inner.close()

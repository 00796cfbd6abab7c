"""The STUN servers of `media.ice.servers`, looked up once at the start."""

import asyncio
import socket
from collections.abc import Sequence

import structlog

_log = structlog.get_logger(__name__)


def family_of(address: str) -> socket.AddressFamily:
    """Of the sockets that ask."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def stun_servers(
    names: Sequence[tuple[str, int]], family: socket.AddressFamily
) -> tuple[tuple[str, int], ...]:
    """Their numeric addresses; one that cannot be found is named in the log and left out."""
    loop = asyncio.get_running_loop()
    found: list[tuple[str, int]] = []
    for host, port in names:
        try:
            answers = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)
        except OSError as error:
            _log.warning("a STUN server cannot be found", server=host, error=str(error))
            continue
        found.append((str(answers[0][4][0]), port))
    return tuple(found)

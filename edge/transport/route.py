"""Which of our addresses the kernel sends from, for sockets bound to all of them."""

import socket
from collections.abc import Callable
from typing import Final

_KEPT: Final = 4_096
_GOOD_FOR: Final = 60.0  # routes change: DHCP, a VPN that comes up [s]


class LocalAddresses:
    """A look-up costs a few system calls, so answers are kept for a minute."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._known: dict[str, str | None] = {}
        self._forget_at = 0.0

    def towards(self, remote: str) -> str | None:
        """Our numeric address as `remote`, numeric too, will see it; None without a route."""
        now = self._time()
        if now >= self._forget_at or len(self._known) >= _KEPT:
            self._known.clear()
            self._forget_at = now + _GOOD_FOR
        if remote not in self._known:
            self._known[remote] = _ask_kernel(remote)
        return self._known[remote]


def _ask_kernel(remote: str) -> str | None:
    family = socket.AF_INET6 if ":" in remote else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 9))  # sends nothing: it only chooses the route
            return str(probe.getsockname()[0])
    except OSError:
        return None

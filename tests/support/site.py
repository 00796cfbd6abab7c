"""A daemon that listens by every transport, on IPv4 and where there is any on IPv6, with a certificate."""

import socket
from pathlib import Path
from typing import Any

from tests.support.address import HTTP_PORT, SIP_PORT, loopback
from tests.support.authority import Authority
from tests.support.daemon import Daemon

PORTS = {"udp": SIP_PORT, "tcp": SIP_PORT, "tls": 15_061, "ws": 15_066, "wss": 15_067}


def ip6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_ports() -> dict[str, int]:
    """Ports of ::1, which has no aliases to choose from."""
    found = {}
    for kind in PORTS:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as probe:
            found[kind] = probe.getsockname()[1]
    return found


class Site:
    """A daemon with all listeners and a certificate of `authority`."""

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        """Args: authority: who signs the certificate; a new one by default."""
        self.authority = authority or Authority(folder)
        self.address = loopback()
        self.listeners = [
            {"transport": kind, "address": self.address, "port": port} for kind, port in PORTS.items()
        ]
        self.ports6 = free_ports() if ip6() else {}
        self.listeners += [
            {"transport": kind, "address": "::1", "port": port} for kind, port in self.ports6.items()
        ]
        self.certificate, self.key = self.authority.issue(self.address, self.address, "::1")
        self.listen: dict[str, Any] = {
            "sip": self.listeners,
            "http": {"address": self.address, "port": HTTP_PORT},
            "rtp": {"address": self.address, "ports": [20_000, 29_999]},
            "tls": {
                "certificate": str(self.certificate),
                "key": str(self.key),
                "ca": str(self.authority.certificate),
            },
        }

    def daemon(self, folder: Path, workers: int = 0, **account: Any) -> Daemon:
        settings = {"listen": self.listen, "media": {"workers": workers}}
        return Daemon(folder, account=account, settings=settings, address=self.address)

    def uri(self, number: str, kind: str, six: bool) -> str:
        host, port = ("[::1]", self.ports6[kind]) if six else (self.address, PORTS[kind])
        return f"sip:{number}@{host}:{port}"

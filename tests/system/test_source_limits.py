"""Limits of a source on the wire, by UDP and TCP: messages, bytes, what cannot be parsed (issue 3)."""

import json
import socket
from collections.abc import Iterator
from typing import Self

import pytest

from tests.support.address import loopback
from tests.support.daemon import Daemon
from tests.support.process import wait_until

COUNT, MALFORMED, BYTES = 12, 6, 2_048
NOT_SIP = b"OPTIONS sip:demo.local SIP/2.0\r\nVia: nothing\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    rule = {"per": "1m", "ban": "1h"}
    security = {"flood": {"count": COUNT, **rule}, "flood_bytes": BYTES, "allow": []}
    settings = {"security": security | {"malformed": {"count": MALFORMED, **rule}}}
    with Daemon(tmp_path_factory.mktemp("limits") / "daemon", settings=settings) as made:
        yield made


class Source:
    """Somebody at an address of its own, by UDP or TCP."""

    def __init__(self, daemon: Daemon, kind: str) -> None:
        self.address, self.kind = loopback(), kind
        way = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, way)
        self.socket.bind((self.address, 0))
        self.socket.connect(daemon.sip)
        self.socket.settimeout(1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def options(self, n: int, more: int = 0) -> bytes:
        host, port = self.socket.getsockname()
        via = f"SIP/2.0/{self.kind.upper()} {host}:{port};branch=z9hG4bK{self.kind}{n};rport"
        return (
            f"OPTIONS sip:demo.local SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@{host}>;tag={n}\r\n"
            f"To: <sip:demo.local>\r\nCall-ID: {n}@{host}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
            f"Subject: {'x' * more}\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def ask(self, data: bytes) -> bool:
        """Whether it is answered; a connection that is closed answers nothing."""
        try:
            self.socket.sendall(data)
            return self.socket.recv(8_192) != b""
        except OSError:
            return False


def banned(daemon: Daemon) -> dict[str, str]:
    """Address → reason."""
    status, body = daemon.get("/security/bans?status=active")
    assert status == 200, body
    return {row["ip"]: row["reason"] for row in json.loads(body)["bans"]}


@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize(("more", "answered"), [(0, COUNT - 1), (2 * BYTES, (COUNT - 1) // 3)])
def test_a_source_that_sends_too_much_is_answered_so_far_and_no_further(
    daemon: Daemon, kind: str, more: int, answered: int
) -> None:
    """A message counts once more for each `flood_bytes` of it."""
    with Source(daemon, kind) as source, Source(daemon, kind) as other:
        heard = [source.ask(source.options(n, more)) for n in range(answered + 1)]
        assert heard == [True] * answered + [False]
        wait_until(lambda: banned(daemon).get(source.address) == "flood", 5.0, what="the ban is told")
        assert other.ask(other.options(1)), "nobody else"


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_a_source_that_sends_what_cannot_be_parsed_is_banned_for_it(daemon: Daemon, kind: str) -> None:
    with Source(daemon, kind) as source:
        for _ in range(MALFORMED):
            if kind == "tcp":
                source.socket.close()
                source.socket = socket.create_connection(daemon.sip, 5.0, (source.address, 0))
            source.socket.sendall(NOT_SIP)
        wait_until(lambda: banned(daemon).get(source.address) == "malformed", 5.0, what="the ban is told")
        source.socket.settimeout(0.3)
        assert not source.ask(source.options(1))

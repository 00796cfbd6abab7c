"""Whatever goes wrong with an agent's socket ends in the flow's `failed` branch, with its reason, in time."""

import base64
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.address import free_tcp_port, loopback
from tests.support.authority import Authority
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon

PATIENCE = 60.0
"[s]"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request(peer: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (more := peer.recv(4096)):
        head += more
    return head


def upgrade(peer: socket.socket, *more: str, accept: str = "") -> None:
    (key,) = (
        line.split(b":")[1].strip()
        for line in request(peer).split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    )
    accept = accept or base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    peer.sendall("\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept}", *more, "", ""]).encode())


def answer(status: str, *lines: str) -> Callable[[socket.socket], None]:
    def act(peer: socket.socket) -> None:
        request(peer)
        peer.sendall("\r\n".join([f"HTTP/1.1 {status}", *lines, "Content-Length: 0", "", ""]).encode())

    return act


def after_upgrade(data: bytes) -> Callable[[socket.socket], None]:
    def act(peer: socket.socket) -> None:
        upgrade(peer)
        peer.sendall(data)
        listen(peer)

    return act


def listen(peer: socket.socket) -> None:
    while peer.recv(65_536):
        pass


def drip(peer: socket.socket) -> None:
    request(peer)
    for _ in range(600):
        peer.sendall(b"H")
        time.sleep(0.1)


def greet(peer: socket.socket) -> None:
    peer.sendall(b"220 mail.example ESMTP\r\n\r\n")
    listen(peer)


def leave(peer: socket.socket) -> None:
    """Closed with the block."""


def break_off(peer: socket.socket) -> None:
    upgrade(peer)


def say_nothing(peer: socket.socket) -> None:
    upgrade(peer)
    listen(peer)


def close_frame(code: int, reason: bytes = b"") -> bytes:
    body = struct.pack("!H", code) + reason
    return bytes((0x88, len(body))) + body


def frame(head: int, announced: int, payload: bytes) -> bytes:
    return struct.pack("!BBQ", head, 127, announced) + payload


FAULTS: dict[str, tuple[Callable[[socket.socket], None], str, str]] = {
    "accepts and is silent": (listen, "timeout", "did not answer within 1 s"),
    "answers byte by byte": (drip, "timeout", "did not answer within 1 s"),
    "closes at once": (leave, "refused", ""),
    "speaks another protocol": (greet, "refused", "no WebSocket server"),
    "401": (answer("401 Unauthorized"), "refused", "correct the credentials"),
    "403": (answer("403 Forbidden"), "refused", "correct the credentials"),
    "404": (answer("404 Not Found"), "refused", "correct the path"),
    "500": (answer("500 Internal Server Error"), "refused", "see the agent's log"),
    "200": (answer("200 OK"), "refused", "answered 200 OK"),
    "302": (answer("302 Found", "Location: ws://127.0.0.1:9/"), "refused", "redirects are not followed"),
    "wrong accept": (lambda peer: upgrade(peer, accept="bm8="), "refused", "no WebSocket server"),
    "wrong subprotocol": (
        lambda peer: upgrade(peer, "Sec-WebSocket-Protocol: chat"),
        "refused",
        "chose the subprotocol 'chat'",
    ),
    "wrong extension": (
        lambda peer: upgrade(peer, "Sec-WebSocket-Extensions: permessage-deflate"),
        "refused",
        "chose the extension 'permessage-deflate'",
    ),
    "breaks off when open": (break_off, "closed", "broke without a close message"),
    "closes when open": (after_upgrade(close_frame(1008, b"no")), "closed", "closed with 1008: no"),
    "garbage": (after_upgrade(b"\xff" * 512), "protocol", ""),
    "a message above the limit": (
        after_upgrade(frame(0x82, 2**30, bytes(70_000))),
        "protocol",
        "",
    ),
    "never speaks": (say_nothing, "timeout", "no audio within 1 s"),
    "long messages without audio": (
        after_upgrade(frame(0x81, 1_000_000, b"x" * 1_000_000)),
        "timeout",
        "no audio within 1 s",
    ),
}


class Mishap:
    """A server for one connection after the other that does `act`."""

    def __init__(self, act: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._act = act
        self._context = context
        self._socket = socket.create_server((loopback(), 0))
        host, port = self._socket.getsockname()[:2]
        self.url = f"{'wss' if context else 'ws'}://{host}:{port}/bot"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._meet, args=(peer,), daemon=True).start()

    def _meet(self, peer: socket.socket) -> None:
        try:
            with self._context.wrap_socket(peer, server_side=True) if self._context else peer as open_peer:
                self._act(open_peer)
        except OSError:
            pass

    def close(self) -> None:
        self._socket.close()


def agents(folder: Path, servers: list[Mishap]) -> dict[str, tuple[str, str, str]]:
    """Name of the fault → URL, the reason, words of its detail."""
    found: dict[str, tuple[str, str, str]] = {}
    for name, (act, reason, words) in FAULTS.items():
        servers.append(Mishap(act))
        found[name] = (servers[-1].url, reason, words)
    address = loopback()
    found["refuses"] = (f"ws://{address}:{free_tcp_port(address)}/bot", "refused", "nothing listens at")
    plain = Mishap(greet)
    found["no TLS there"] = (plain.url.replace("ws://", "wss://"), "refused", "does the agent speak wss")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(folder).issue("bot", "bot.example"))
    foreign = Mishap(say_nothing, context)
    found["a foreign certificate"] = (foreign.url, "refused", "is not trusted")
    servers += [plain, foreign]
    return found


def deadlines(words: str) -> dict[str, str]:
    """Short where they are what is tried; whatever comes by itself has time on a busy machine."""
    match words:
        case "did not answer within 1 s":
            return {"connect_timeout": "1s"}
        case "no audio within 1 s":
            return {"connect_timeout": "30s", "first_audio_timeout": "1s"}
        case _:
            return {"connect_timeout": "30s"}


@dataclass(frozen=True)
class Ending:
    reason: str
    words: str
    trace: list[dict[str, Any]]


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ending]]:
    """By the fault; a caller for each, all at once."""
    folder = tmp_path_factory.mktemp("handshake")
    servers: list[Mishap] = []
    faulty = agents(folder, servers)
    flows = {}
    for index in range(len(faulty)):
        talk = {"kind": "agent", "agent": f"bot-{index}", "next": {"failed": "after", "default": "never"}}
        nodes = {
            "talk": talk,
            "after": {"kind": "hangup"},
            "never": {"kind": "hangup", "cause": "congestion"},
        }
        file = folder / f"{index}.yaml"
        file.write_text(yaml.safe_dump({"entry": "talk", "nodes": nodes}))
        flows[f"flow-{index}"] = str(file)
    account = {
        "limits": {"max_in": 100},
        "flows": flows,
        "extensions": [
            {"number": str(9100 + i), "target": {"flow": f"flow-{i}"}} for i in range(len(faulty))
        ],
        "agents": {
            f"bot-{index}": {"dialect": "twilio", "url": url, **deadlines(words)}
            for index, (url, _, words) in enumerate(faulty.values())
        },
    }
    with (
        Daemon(folder / "daemon", account=account) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        calls = {name: phone.dial(str(9100 + i), timeout=PATIENCE) for i, name in enumerate(faulty)}
        for call in calls.values():
            call.wait_ended(PATIENCE)
        yield {name: Ending(*faulty[name][1:], daemon.trace(call.id)) for name, call in calls.items()}
    for server in servers:
        server.close()


@pytest.mark.parametrize("fault", [*FAULTS, "refuses", "no TLS there", "a foreign certificate"])
def test_it_ends_in_the_failed_branch_with_its_reason(fault: str, endings: dict[str, Ending]) -> None:
    """Issue 5, When things fail."""
    ending = endings[fault]
    (failed,) = [event["data"] for event in ending.trace if event["event"] == "AgentFailed"]
    assert failed["reason"] == ending.reason and ending.words in failed["detail"], failed
    visited = [event["node_id"] for event in ending.trace if event["layer"] == "flow"]
    assert "after" in visited and "never" not in visited

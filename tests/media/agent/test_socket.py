"""One agent socket without a network: frames in, listener told."""

import asyncio
import socket
from typing import Any

import picows
import pytest
from picows.picows import _make_test_ws_frame as ws_frame

from config.schema import MediaLimits
from media.agent.contract import Buffer
from media.agent.socket import Dialler, _connect_tcp, _Connection
from media.port import AgentSpec

TEXT, BINARY, MORE = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION
SPEC = AgentSpec("greeter", "tandem", "wss://user:secret@bot.example/media?key=secret")


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def opened(self, line: object) -> None:
        self.heard.append(("opened",))

    def received_text(self, text: Buffer) -> None:
        self.heard.append(("text", bytes(text)))

    def received_binary(self, data: Buffer) -> None:
        self.heard.append(("binary", bytes(data)))

    def closed(self, reason: str) -> None:
        self.heard.append(("closed", reason))

    def failed(self, reason: str, detail: str) -> None:
        self.heard.append(("failed", reason, detail))


class Wire:
    """Stands in for picows' transport and the loop's."""

    is_disconnected = False
    close_handshake = None

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.waiting = 0
        self.high = 0

    @property
    def underlying_transport(self) -> "Wire":
        return self

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def send(self, kind: picows.WSMsgType, message: Buffer | str) -> None:
        self.sent.append((kind, message))

    def send_pong(self, payload: bytes) -> None:
        self.sent.append(("pong", payload))

    def send_close(self, code: picows.WSCloseCode) -> None:
        self.sent.append(("close", int(code)))  # type: ignore[call-overload]

    def disconnect(self, graceful: bool = True) -> None:
        self.is_disconnected = True
        self.sent.append(("disconnect", graceful))


def connect(**limits: int) -> tuple[_Connection, Ear, Wire]:
    ear, wire = Ear(), Wire()
    connection = _Connection(ear, MediaLimits(**limits))
    connection.on_ws_connected(wire)
    assert ear.heard == [("opened",)]
    ear.heard.clear()
    return connection, ear, wire


def feed(
    connection: _Connection, wire: Wire, kind: picows.WSMsgType, payload: bytes, fin: bool = True
) -> None:
    connection.on_ws_frame(wire, ws_frame(kind, payload, fin, False))


async def test_whole_messages_are_passed_on() -> None:
    connection, ear, wire = connect()
    feed(connection, wire, BINARY, b"pcm")
    feed(connection, wire, TEXT, b"{}")
    assert ear.heard == [("binary", b"pcm"), ("text", b"{}")]


async def test_fragments_are_joined_and_control_frames_may_come_between() -> None:
    """RFC 6455 §5.4."""
    connection, ear, wire = connect()
    feed(connection, wire, TEXT, b"he", fin=False)
    feed(connection, wire, picows.WSMsgType.PING, b"?")
    feed(connection, wire, MORE, b"ll", fin=False)
    feed(connection, wire, picows.WSMsgType.PONG, b"")
    feed(connection, wire, MORE, b"o")
    feed(connection, wire, BINARY, b"p", fin=False)
    feed(connection, wire, MORE, b"cm")
    assert ear.heard == [("text", b"hello"), ("binary", b"pcm")] and wire.sent == [("pong", b"?")]


@pytest.mark.parametrize(
    "frames", [[(MORE, True)], [(TEXT, False), (TEXT, True)], [(TEXT, False), (BINARY, False)]]
)
async def test_mixed_fragments_are_a_protocol_failure(frames: list[tuple[picows.WSMsgType, bool]]) -> None:
    connection, ear, wire = connect()
    for kind, fin in frames:
        feed(connection, wire, kind, b"x", fin)
    assert [heard[:2] for heard in ear.heard] == [("failed", "protocol")] and wire.sent == [("close", 1002)]


@pytest.mark.parametrize("kind", [TEXT, BINARY, MORE, picows.WSMsgType.PING])
async def test_a_reserved_bit_is_a_protocol_failure(kind: picows.WSMsgType) -> None:
    """RFC 6455 §5.2: MUST be 0 unless an extension is negotiated, and we offer none."""
    connection, ear, wire = connect()
    connection.on_ws_frame(wire, ws_frame(kind, b"x", True, True))
    assert [heard[:2] for heard in ear.heard] == [("failed", "protocol")] and wire.sent == [("close", 1002)]


async def test_fragments_beyond_the_limit_are_a_protocol_failure() -> None:
    connection, ear, wire = connect(agent_message_bytes=4096)
    feed(connection, wire, BINARY, bytes(4000), fin=False)
    feed(connection, wire, MORE, bytes(4000), fin=False)
    assert ear.heard[0][:2] == ("failed", "protocol") and wire.sent == [("close", 1009)]
    feed(connection, wire, BINARY, b"late")
    assert len(ear.heard) == 1


async def test_a_slow_reader_gets_no_pong_and_is_given_up_when_text_piles_up() -> None:
    connection, ear, wire = connect(agent_write_buffer=16_384)
    assert wire.high == 16_384
    connection.pause_writing()
    assert connection.congested
    feed(connection, wire, picows.WSMsgType.PING, b"?")
    connection.text("a")
    wire.waiting = 4 * 16_384 + 1
    connection.text("b")
    assert wire.sent == [(TEXT, "a"), ("disconnect", False)]
    assert ear.heard[0][:2] == ("failed", "closed")
    connection.resume_writing()
    assert not connection.congested


async def test_who_takes_nothing_for_long_has_failed_whatever_it_says() -> None:
    connection, ear, wire = connect(agent_unread="10ms")
    connection.pause_writing()
    connection.resume_writing()
    await asyncio.sleep(0.05)
    assert ear.heard == []
    connection.pause_writing()
    feed(connection, wire, BINARY, b"ab")
    async with asyncio.timeout(10.0):
        while not wire.sent:
            await asyncio.sleep(0.005)
    assert wire.sent == [("disconnect", False)] and ear.heard[1][:2] == ("failed", "closed")
    connection.on_ws_disconnected(wire)
    assert not connection.congested and len(ear.heard) == 2


async def test_after_our_close_nothing_is_told_and_the_socket_is_cut_in_time() -> None:
    connection, ear, wire = connect()
    connection.close(1000)
    connection.close(1000)
    feed(connection, wire, BINARY, b"late")
    connection.on_ws_disconnected(wire)
    connection.text("late")
    connection.binary(b"late")
    assert ear.heard == [] and ("disconnect", False) not in wire.sent
    await asyncio.sleep(0)


async def test_a_connection_that_opens_too_late_is_closed() -> None:
    ear, wire = Ear(), Wire()
    connection = _Connection(ear, MediaLimits())
    connection.abandon()
    connection.on_ws_connected(wire)
    assert ear.heard == [] and wire.sent == [("close", 1000)]
    connection.on_ws_disconnected(wire)


async def test_an_agent_that_the_api_has_made_is_not_dialled_at_a_private_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            (await _connect_tcp(host, port, True)).close()
            with pytest.raises(ConnectionError, match="no public address"):
                await _connect_tcp(host, port, False)


async def test_a_fault_of_ours_on_the_way_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ear, dialler = Ear(), Dialler(MediaLimits())

    async def fail(*given: object) -> None:
        raise LookupError("nobody has thought of this")

    monkeypatch.setattr(dialler, "_open", fail)
    dialler(SPEC, None, ear)
    await dialler.close()
    assert [heard[:2] for heard in ear.heard] == [("failed", "fault")]

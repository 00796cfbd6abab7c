"""How long a connection lives: handshakes, pings, idleness (RFC 5626 §4.4.1, RFC 6455 §5.5.2)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.frames import Frame, Opcode

from config.schema import SipLimits, SipListener, SipTransport
from edge.sip.flow import Flow, Transport
from edge.transport.listeners import Listeners
from edge.transport.websocket import WebSocketChannel, client_channel
from tests.support.security import FakeGuard
from tests.support.upper import RecordingUpper

MESSAGE = b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
PING = b"\r\n\r\n"


@asynccontextmanager
async def opened(
    kind: SipTransport, guard: FakeGuard | None = None, **limits: float
) -> AsyncIterator[tuple[Listeners, RecordingUpper]]:
    upper = RecordingUpper()
    async with asyncio.TaskGroup() as tasks:
        loop = asyncio.get_running_loop()
        listeners = Listeners(SipLimits.model_validate(limits), loop, tasks, guard=guard)
        listener = SipListener.model_construct(transport=kind, address="127.0.0.1", port=0)
        await listeners.open([listener], upper)
        try:
            yield listeners, upper
        finally:
            await listeners.close()


class Browser:
    """A WebSocket client that does only what it is told."""

    channel: WebSocketChannel

    async def connect(self, port: int) -> "Browser":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.channel = client_channel(SipLimits(), "127.0.0.1", port, secure=False)
        self.flush()
        await self.hear()
        return self

    def flush(self) -> None:
        self.writer.write(self.channel.take_output())

    async def hear(self) -> list[bytes]:
        async with asyncio.timeout(5):
            return self.channel.receive(await self.reader.read(65_536))

    def say(self, message: bytes) -> None:
        self.writer.write(self.channel.wrap(message))


async def test_who_does_not_finish_the_handshake_is_dropped() -> None:
    async with opened(SipTransport.WS, connection_handshake=0.05) as (listeners, upper):
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port)
        writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        assert listeners.connections == 0 and upper.received == []
        writer.close()


async def test_who_is_refused_is_told_and_gone() -> None:
    async with opened(SipTransport.WS) as (listeners, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 426 ")
        writer.close()


async def test_a_websocket_carries_messages_both_ways() -> None:
    async with opened(SipTransport.WS) as (listeners, upper):
        browser = await Browser().connect(listeners.bound[0].port)
        browser.say(MESSAGE)
        await upper.until(received=1)
        data, flow = upper.received[0]
        assert data == MESSAGE and flow.transport is Transport.WS and flow.connection
        listeners.send(MESSAGE, flow)
        assert await browser.hear() == [MESSAGE]
        browser.writer.close()
        await upper.until(gone=1)
        assert upper.gone == [flow]


async def test_closing_a_tab_is_no_offence_and_what_is_no_websocket_is() -> None:
    """RFC 6455 §5.5.1: a CLOSE is how it ends; a health check by HTTP means no harm either."""
    guard = FakeGuard()
    async with opened(SipTransport.WS, guard) as (listeners, upper):
        port = listeners.bound[0].port
        browser = await Browser().connect(port)
        browser.writer.write(Frame(Opcode.CLOSE, b"\x03\xe9").serialize(mask=True))
        await upper.until(gone=1)
        for number, opening in enumerate((b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\r\n\r\n"), 2):
            assert guard.unframed == []
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(opening)
            await upper.until(gone=number)
            writer.close()
        assert guard.unframed == ["127.0.0.1"]
        browser.writer.close()


async def test_a_browser_that_is_gone_cannot_be_dialled() -> None:
    """RFC 7118 §5.3: its Contact is no address."""
    async with opened(SipTransport.WS) as (listeners, upper):
        flow = Flow(Transport.WS, ("127.0.0.1", 9), 0, 7)
        listeners.send(MESSAGE, flow)
        await upper.until(failed=1)
        assert upper.failed == [flow]


async def test_a_websocket_that_answers_pings_stays_and_one_that_does_not_goes() -> None:
    limits = {"connection_handshake": 0.05, "connection_ping": 0.05, "connection_pong": 0.1}
    async with opened(SipTransport.WS, **limits) as (listeners, upper):
        browser, dead = [await Browser().connect(listeners.bound[0].port) for _ in range(2)]
        for _ in range(4):
            await browser.hear()
            browser.flush()  # the library's pong
        await upper.until(gone=1)
        assert listeners.connections == 1
        browser.say(MESSAGE)
        await upper.until(received=1)
        browser.writer.close()
        dead.writer.close()


async def test_we_ping_whom_we_dialled_and_leave_who_stops_answering() -> None:
    async with opened(SipTransport.TCP, connection_ping=0.05, connection_pong=0.05) as (listeners, upper):
        accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        server = await asyncio.start_server(lambda *pair: accepted.put_nowait(pair), "127.0.0.1", 0)
        flow = Flow(Transport.TCP, server.sockets[0].getsockname())
        listeners.send(MESSAGE, flow)
        async with asyncio.timeout(5):
            reader, writer = await accepted.get()
            assert await reader.readexactly(len(MESSAGE)) == MESSAGE
            # It never answered one, so silence says nothing.
            for _ in range(2):
                assert await reader.readexactly(4) == PING
            assert listeners.connections == 1
            writer.write(b"\r\n")
            assert await reader.readexactly(4) == PING
        await upper.until(gone=1)
        assert flow in upper.gone
        writer.close()
        server.close()


async def test_an_idle_connection_stays_while_it_is_needed() -> None:
    """RFC 5626 §4.4: a phone behind NAT has no other way."""
    async with opened(SipTransport.TCP, connection_idle=0.05) as (listeners, upper):
        _, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port)
        writer.write(MESSAGE)
        await upper.until(received=1)
        flow = upper.received[0][1]
        upper.needed.add(flow)
        await asyncio.sleep(0.15)
        assert listeners.connections == 1
        upper.needed.clear()
        await upper.until(gone=1)
        writer.close()


async def test_what_came_before_a_fault_is_served() -> None:
    async with opened(SipTransport.TCP) as (listeners, upper):
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port)
        writer.write(MESSAGE + b"BYE sip:a SIP/2.0\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        first, second = (data for data, _ in upper.received)
        assert first == MESSAGE and second.endswith(b"\r\nContent-Length:\r\n\r\n")
        writer.close()


async def test_the_kernel_looks_after_a_phone_that_vanishes_without_a_word() -> None:
    async with opened(SipTransport.TCP) as (listeners, upper):
        _, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port)
        writer.write(MESSAGE)
        await upper.until(received=1)
        assert listeners._connections is not None
        (connection,) = listeners._connections._open.values()
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        writer.close()

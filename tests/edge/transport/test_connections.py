"""SIP over TCP on loopback (RFC 3261 §18, RFC 5626 §3.5.1); events are awaited, nothing sleeps."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from config.schema import SipLimits
from edge.sip.flow import Flow, Transport
from edge.transport.connections import Connections
from tests.support.security import FakeGuard
from tests.support.upper import RecordingUpper

MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi"
OTHER = b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class Peer:
    """The far end: accepts and dials."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.address: tuple[str, int] = writer.get_extra_info("sockname")[:2]

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, size: int) -> bytes:
        async with asyncio.timeout(60):
            return await self.reader.readexactly(size)

    async def hang_up(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class Scene:
    def __init__(self, limits: SipLimits, exempt: str) -> None:
        self.upper = RecordingUpper()
        self.limits = limits
        self.guard = FakeGuard(exempt)
        self.peers: list[Peer] = []
        self.accepted: asyncio.Queue[Peer] = asyncio.Queue()

    async def dial(self) -> Peer:
        peer = Peer(*await asyncio.open_connection(*self.address))
        self.peers.append(peer)
        return peer

    async def serve(self) -> asyncio.Server:
        """A far end that accepts."""

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = Peer(reader, writer)
            self.peers.append(peer)
            self.accepted.put_nowait(peer)

        return await asyncio.start_server(accepted, "127.0.0.1", 0)

    async def next_peer(self) -> Peer:
        async with asyncio.timeout(60):
            return await self.accepted.get()


@asynccontextmanager
async def scene(exempt: str = "", **limits: float) -> AsyncIterator[Scene]:
    made = Scene(SipLimits.model_validate(limits), exempt)
    loop = asyncio.get_running_loop()
    sock = socket.create_server(("127.0.0.1", 0))
    made.address = sock.getsockname()
    async with asyncio.TaskGroup() as tasks:
        made.connections = Connections(made.limits, made.upper, made.guard, loop, tasks)
        made.connections.listen(Transport.TCP, 1, sock, None)
        try:
            yield made
        finally:
            await made.connections.close()
            for peer in made.peers:
                peer.writer.close()


def port_of(server: asyncio.Server) -> tuple[str, int]:
    address: tuple[str, int] = server.sockets[0].getsockname()
    return address


async def test_messages_are_framed_and_answered_on_their_connection() -> None:
    async with scene() as s:
        peer = await s.dial()
        await peer.say(MESSAGE + OTHER[:20])
        await peer.say(OTHER[20:])
        await s.upper.until(received=2)
        (first, flow), (second, same) = s.upper.received
        assert (first, second) == (MESSAGE, OTHER) and flow == same
        assert flow == Flow(Transport.TCP, peer.address, 1, flow.connection) and flow.connection
        s.connections.send(b"answer", flow)
        assert await peer.hear(6) == b"answer"


async def test_a_ping_is_answered_with_a_pong() -> None:
    """RFC 5626 §3.5.1."""
    async with scene() as s:
        peer = await s.dial()
        await peer.say(b"\r\n\r\n")
        assert await peer.hear(2) == b"\r\n" and s.upper.received == []


async def test_what_cannot_be_framed_closes_the_connection_after_what_could() -> None:
    async with scene() as s:
        peer = await s.dial()
        await peer.say(OTHER + b"BYE sip:a SIP/2.0\r\n\r\n")
        await s.upper.until(received=1, gone=1)
        assert s.upper.gone == [s.upper.received[0][1]] and await peer.reader.read() == b""
        assert len(s.connections) == 0


async def test_a_flood_on_one_connection_lets_others_have_their_turn() -> None:
    async with scene() as s:
        peer, most = await s.dial(), 0

        def look() -> None:
            nonlocal seen, most
            most, seen = max(most, len(s.upper.received) - seen), len(s.upper.received)
            if seen < 1_000:
                asyncio.get_running_loop().call_soon(look)

        seen = 0
        look()
        await peer.say(
            OTHER * 500 + MESSAGE * 499 + b"BYE sip:last SIP/2.0\r\nContent-Length: 0\r\n\r\nnoise\r\n\r\n"
        )
        await s.upper.until(received=1_000, gone=1)
        assert [data for data, _ in s.upper.received[:999]] == [OTHER] * 500 + [MESSAGE] * 499
        assert most <= 64, "two batches at the most between two looks"


async def test_an_address_that_is_none_is_unreachable() -> None:
    async with scene() as s:
        for host, port in (("127.0.0.1", 99_999), ("a..b" * 80, 5060)):
            s.connections.send(b"x", Flow(Transport.TCP, (host, port), 1))
        await s.upper.until(failed=2)


async def test_a_flow_that_is_gone_is_dialled_again_and_reused() -> None:
    """RFC 3261 §18.2.2: a response whose connection is closed goes over a new one."""
    async with scene() as s:
        server = await s.serve()
        gone = Flow(Transport.TCP, port_of(server), 1, connection=999)
        fresh = Flow(Transport.TCP, port_of(server), 1)
        s.connections.send(b"one,", gone)
        s.connections.send(b"two,", fresh)
        peer = await s.next_peer()
        assert await peer.hear(8) == b"one,two,"
        s.connections.send(b"three", gone)
        assert await peer.hear(5) == b"three" and len(s.connections) == 1 and s.accepted.empty()
        await peer.say(MESSAGE)
        await s.upper.until(received=1)
        await peer.hang_up()
        await s.upper.until(gone=3)
        assert set(s.upper.gone) == {s.upper.received[0][1], gone, fresh}, "told under every name it had"
        server.close()


async def test_a_response_whose_connection_is_gone_goes_to_the_port_where_its_peer_listens() -> None:
    """RFC 3261 §18.2.2: the source, at the port of sent-by."""
    async with scene() as s:
        peer, server = await s.dial(), await s.serve()
        await peer.say(MESSAGE)
        await s.upper.until(received=1)
        back = replace(s.upper.received[0][1], listens=port_of(server)[1])
        s.connections.send(b"1", back)
        assert await peer.hear(1) == b"1"
        await peer.hang_up()
        await s.upper.until(gone=1)
        assert not s.connections.alive(back)
        s.connections.send(b"2", back)
        listener = await s.next_peer()
        assert await listener.hear(1) == b"2"
        s.connections.send(b"3", back)
        assert await listener.hear(1) == b"3" and s.connections.alive(back)
        server.close()


async def test_a_number_of_an_earlier_run_finds_no_stranger() -> None:
    async with scene() as s:
        stranger = await s.dial()
        await stranger.say(MESSAGE)
        await s.upper.until(received=1)
        number = s.upper.received[0][1].connection
        server = await s.serve()
        s.connections.send(b"for another", Flow(Transport.TCP, port_of(server), 1, number))
        assert await (await s.next_peer()).hear(11) == b"for another"
        server.close()


async def test_a_connection_that_cannot_be_made_is_told_once_for_each_flow() -> None:
    async with scene() as s:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            remote = closed.getsockname()
        for number in (0, 0, 7):
            s.connections.send(b"x", Flow(Transport.TCP, remote, 1, number))
        assert s.upper.failed == []
        await s.upper.until(failed=2)
        assert s.upper.failed == [Flow(Transport.TCP, remote, 1), Flow(Transport.TCP, remote, 1, 7)]


async def test_one_source_may_open_so_many_connections() -> None:
    async with scene(connections_per_source=1) as s:
        first, second = await s.dial(), await s.dial()
        async with asyncio.timeout(60):
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await second.reader.readexactly(1)
        await first.say(MESSAGE)
        await s.upper.until(received=1)
        assert s.connections.refused == 1 and len(s.connections) == 1
        await first.hang_up()
        await s.upper.until(gone=1)
        third = await s.dial()
        await third.say(MESSAGE)
        await s.upper.until(received=2)


async def test_an_exempt_source_and_our_own_dials_know_no_limit_per_source() -> None:
    async with scene(exempt="127.0.0.1", connections_per_source=1) as s:
        for _ in range(3):
            await (await s.dial()).say(MESSAGE)
        await s.upper.until(received=3)
    async with scene(connections_per_source=1) as s:
        await (await s.dial()).say(MESSAGE)
        await s.upper.until(received=1)
        server = await s.serve()
        s.connections.send(b"x", Flow(Transport.TCP, port_of(server), 1))
        assert await (await s.next_peer()).hear(1) == b"x"
        server.close()


async def test_connections_of_a_banned_source_are_closed_and_refused() -> None:
    async with scene() as s:
        idle, busy = await s.dial(), await s.dial()
        await busy.say(MESSAGE)
        await s.upper.until(received=1)
        s.guard.shut.add("127.0.0.1")
        await busy.say(MESSAGE)
        await s.upper.until(gone=1)
        assert len(s.upper.received) == 1, "what came after the ban is not heard"
        s.connections.cut("192.0.2.1")
        assert len(s.connections) == 1, "nobody is there from where that ban is"
        s.connections.cut("127.0.0.0/8")
        await s.upper.until(gone=2)
        late = await s.dial()
        for peer in (idle, busy, late):
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await peer.reader.readexactly(1)
        assert s.connections.refused == 1 and len(s.connections) == 0


async def test_a_stream_that_cannot_be_framed_counts_against_its_source() -> None:
    async with scene() as s:
        peer = await s.dial()
        await peer.say(b"BYE sip:a SIP/2.0\r\n\r\n")
        await s.upper.until(gone=1)
        assert s.guard.unframed == ["127.0.0.1"]


async def test_all_connections_together_have_a_limit() -> None:
    async with scene(connections=1) as s:
        await (await s.dial()).say(MESSAGE)
        await s.upper.until(received=1)
        s.connections.send(b"x", Flow(Transport.TCP, ("127.0.0.1", 9), 1))
        await s.upper.until(failed=1)
        assert len(s.connections) == 1


async def test_a_peer_that_does_not_read_is_dropped() -> None:
    async with scene(connection_buffer=65_536) as s:
        peer = await s.dial()
        await peer.say(MESSAGE)
        await s.upper.until(received=1)
        flow = s.upper.received[0][1]
        for _ in range(1_000):
            s.connections.send(b"x" * 60_000, flow)
            if len(s.upper.failed) or len(s.connections) == 0:
                break
        await s.upper.until(failed=1, gone=1)
        assert s.upper.gone == [flow]


async def test_what_waits_for_a_dial_is_bounded() -> None:
    async with scene(connection_buffer=65_536) as s:
        server = await s.serve()
        flow = Flow(Transport.TCP, port_of(server), 1)
        s.connections.send(b"x" * 60_000, flow)
        s.connections.send(b"y" * 60_000, flow)
        await s.upper.until(failed=1)
        assert await (await s.next_peer()).hear(60_000) == b"x" * 60_000
        server.close()


async def test_an_idle_connection_is_closed_and_dribbled_bytes_do_not_keep_it() -> None:
    async with scene(connection_idle=0.05) as s:
        silent, dribbling = await s.dial(), await s.dial()
        await dribbling.say(MESSAGE[:9])
        await s.upper.until(gone=2)
        assert await silent.reader.read() == b"" and await dribbling.reader.read() == b""


async def test_closing_is_silent_and_leaves_no_dial_behind() -> None:
    async with scene() as s:
        await (await s.dial()).say(MESSAGE)
        await s.upper.until(received=1)
        server = await s.serve()
        s.connections.send(b"x", Flow(Transport.TCP, port_of(server), 1))
        await s.connections.close()
        server.close()
    assert s.upper.gone == [] and s.upper.failed == []

"""Datagrams over real loopback sockets; nothing leaves the machine."""

import asyncio
import contextlib
import select
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from edge.sip.flow import Flow, Received, Transport
from edge.transport import udp as transport
from edge.transport.udp import UdpSocket
from media.webrtc import stun
from tests.support.security import FakeGuard
from tests.support.upper import RecordingUpper

linux = pytest.mark.skipif(sys.platform != "linux", reason="the error queue is Linux's")


def bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(5)
    return sock


@asynccontextmanager
async def opened(
    guard: FakeGuard | None = None, upper: RecordingUpper | None = None
) -> AsyncIterator[tuple[UdpSocket, RecordingUpper, tuple[str, int]]]:
    sock, upper = bound(), upper or RecordingUpper()
    address = sock.getsockname()
    udp = UdpSocket(sock, 3, upper, asyncio.get_running_loop(), guard)
    try:
        yield udp, upper, address
    finally:
        udp.close()


def wait_for_stamps() -> None:
    """The kernel begins to stamp what arrives a while after the first socket asked for it."""
    with bound() as probe:
        probe.setsockopt(socket.SOL_SOCKET, transport._SO_TIMESTAMPNS, 1)
        for _ in range(500):
            probe.sendto(b"?", probe.getsockname())
            time.sleep(0.01)
            _, ((_, _, note),), _, _ = probe.recvmsg(8, 128)
            seconds, nanoseconds = transport._STAMP.unpack(note)
            if time.time() - seconds - nanoseconds / 1e9 > 0.005:
                return
    raise AssertionError("no stamps")


async def test_datagrams_go_up_with_their_flow_and_answers_go_back() -> None:
    async with opened() as (udp, upper, address):
        with bound() as peer:
            for text in (b"\r\n\r\n", b"\0", b"", b"hello", b"x" * 60_000):
                peer.sendto(text, address)
            await upper.until(received=2)
            assert [len(data) for data, _ in upper.received] == [5, 60_000], "keep-alives stay here"
            flow = upper.received[0][1]
            assert flow == Flow(Transport.UDP, peer.getsockname(), listener=3)
            assert flow is upper.received[1][1], "a known source makes no new flow"
            udp.send(b"back", flow)
            assert peer.recv(100) == b"back"


async def test_a_keep_alive_by_stun_is_answered_here_and_goes_no_further() -> None:
    """RFC 5626 §4.4.2."""
    async with opened() as (_, upper, address):
        with bound() as peer:
            peer.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), address)
            peer.sendto(b"hello", address)
            await upper.until(received=1)
            assert [data for data, _ in upper.received] == [b"hello"]
            told = stun.parse(peer.recv(100))
            assert told is not None and told.mapped == peer.getsockname()


async def test_no_more_keep_alives_are_answered_than_a_second_may_have() -> None:
    async with opened() as (udp, upper, address):
        udp._keep_alives = 3
        with bound() as peer:
            for number in range(9):
                peer.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes((number,)) * 12, address)
            peer.sendto(b"hello", address)
            await upper.until(received=1)
            peer.setblocking(False)
            answered = 0
            with contextlib.suppress(BlockingIOError):
                while peer.recv(100):
                    answered += 1
            assert 3 <= answered <= 6, "the clock may have come to another second meanwhile"


async def test_what_a_batch_is_answered_leaves_at_its_end_and_in_order() -> None:
    class Answering(RecordingUpper):
        def receive(self, batch: Sequence[Received], now: float) -> None:
            super().receive(batch, now)
            for data, flow in batch:
                udp.send(b"to " + data, flow)
            early.extend(select.select([peer], [], [], 0)[0])

    early: list[socket.socket] = []
    async with opened(upper=Answering()) as (udp, upper, address):
        with bound() as peer:
            for text in (b"first", b"second", b"third"):
                peer.sendto(text, address)
            await upper.until(received=3)
            assert [peer.recv(100) for _ in range(3)] == [b"to first", b"to second", b"to third"]
            assert early == []


async def test_what_waits_is_handed_up_together_as_far_as_there_is_time_for_it() -> None:
    async with opened() as (udp, upper, address):
        with bound() as peer:
            for number in range(20):
                peer.sendto(b"number %d" % number, address)
            await upper.until(received=20)
            assert upper.batches[0] == transport._SHIFT // transport._FIRST_COST
            upper.batches.clear()
            udp._cost, udp.age = transport._SHIFT / 2, 1.0
            for number in range(8):
                peer.sendto(b"number %d" % number, address)
            await upper.until(received=28)
            assert upper.batches[0] == 4, "twice as many when it is behind"
            upper.batches.clear()
            udp._cost = 1.0
            for number in range(3):
                peer.sendto(b"number %d" % number, address)
            await upper.until(received=31)
            assert upper.batches[0] == 1, "what takes long is read one by one"


async def test_where_many_come_they_are_gathered_and_where_few_do_each_is_read_at_once() -> None:
    async with opened() as (udp, upper, address):
        with bound() as peer:
            udp._count(1000, udp._since + 2 * transport._PERIOD)
            assert udp._many
            peer.sendto(b"first", address)
            await upper.until(received=1)
            assert udp._timer is not None, "it goes on to gather"
            async with asyncio.timeout(60):
                while udp._many:
                    await asyncio.sleep(0.01)
            assert udp._timer is None
            peer.sendto(b"second", address)
            await upper.until(received=2)
            assert [data for data, _ in upper.received] == [b"first", b"second"]


async def test_it_may_be_closed_while_it_gathers() -> None:
    async with opened() as (udp, upper, address):
        with bound() as peer:
            udp._count(1000, udp._since + 2 * transport._PERIOD)
            peer.sendto(b"first", address)
            await upper.until(received=1)
    assert udp._timer is not None and udp._timer.cancelled()


async def test_a_burst_is_read_to_its_end() -> None:
    async with opened() as (_, upper, address):
        with bound() as peer:
            for number in range(100):
                peer.sendto(b"number %d" % number, address)
            await upper.until(received=100)
            assert upper.received[-1][0] == b"number 99"


async def test_a_banned_source_is_not_heard() -> None:
    """Issue 3, Security: dropped in silence before anything is read of it."""
    guard = FakeGuard()
    guard.shut.add("127.0.0.1")
    async with opened(guard) as (_, upper, address):
        with bound() as banned, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.2", 0))
            for _ in range(50):
                banned.sendto(b"banned", address)
            other.sendto(b"welcome", address)
            await upper.until(received=1)
            assert [data for data, _ in upper.received] == [b"welcome"]


@linux
async def test_a_closed_port_is_told_and_the_socket_serves_on() -> None:
    """RFC 3261 §18.4: ICMP port unreachable is a transport error."""
    async with opened() as (udp, upper, address):
        with bound() as peer:
            dead = bound()
            gone = Flow(Transport.UDP, dead.getsockname(), 3)
            dead.close()
            udp.send(b"nobody hears", gone)
            assert upper.failed == [], "never from inside send"
            udp.send(b"heard", Flow(Transport.UDP, peer.getsockname(), 3))
            udp.send(b"nobody hears", gone)
            await upper.until(failed=2)
            assert set(upper.failed) == {gone}
            assert peer.recv(100) == b"heard", "the error of one datagram does not swallow another"
            peer.sendto(b"still there", address)
            await upper.until(received=1)
            assert udp._epoll is not None and udp._epoll.poll(0) == [], "nothing is left to wake the loop"


async def test_what_cannot_be_sent_at_all_is_told() -> None:
    async with opened() as (udp, upper, address):
        nowhere = Flow(Transport.UDP, ("255.255.255.255", 5060), 3)  # broadcast is not allowed
        udp.send(b"x", nowhere)
        udp.send(b"x" * 70_000, Flow(Transport.UDP, address, 3))
        udp.send(b"x", Flow(Transport.UDP, ("127.0.0.1", 99_999), 3))
        await upper.until(failed=3)
        assert upper.failed[0] == nowhere


@linux
async def test_when_we_are_behind_it_is_told_how_long_a_batch_has_waited() -> None:
    class Watching(FakeGuard):
        def refuses(self, address: str, now: float) -> bool:
            ages.append(udp.age)
            return False

    async with opened(Watching()) as (udp, upper, address):
        with bound() as peer:
            ages: list[float] = []
            wait_for_stamps()
            for _ in range(200):
                peer.sendto(b"hello", address)
            time.sleep(0.05)  # noqa: ASYNC251  the loop stands still
            await upper.until(received=200)
            assert ages[0] == 0.0, "one wake-up does not tell"
            assert 0.04 < max(ages) < 5.0
            peer.sendto(b"again", address)
            await upper.until(received=201)
            assert udp.age == 0.0

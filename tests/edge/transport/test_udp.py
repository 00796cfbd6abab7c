"""Datagrams over real loopback sockets, on both kinds of loop; nothing leaves the machine."""

import asyncio
import socket
import sys
import time
from collections.abc import Callable

import pytest
import uvloop

from edge.sip.flow import Flow, Transport
from edge.transport.udp import UdpSocket
from tests.support.upper import RecordingUpper

linux = pytest.mark.skipif(sys.platform != "linux", reason="the error queue is Linux's")
LOOPS = pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])


def bound(address: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    sock.settimeout(5)
    return sock


def run(new_loop: Callable[[], asyncio.AbstractEventLoop], scene: Callable[..., object]) -> None:
    async def main() -> None:
        sock, upper, loop = bound(), RecordingUpper(), asyncio.get_running_loop()
        address = sock.getsockname()
        udp = UdpSocket(sock, 3, upper, loop)
        try:
            await scene(udp, upper, address)  # type: ignore[misc]  # a coroutine function
        finally:
            udp.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


@LOOPS
def test_datagrams_go_up_with_their_flow_and_answers_go_back(new_loop: Callable[..., object]) -> None:
    async def scene(udp: UdpSocket, upper: RecordingUpper, address: tuple[str, int]) -> None:
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

    run(new_loop, scene)  # type: ignore[arg-type]


@LOOPS
def test_a_burst_is_read_to_its_end(new_loop: Callable[..., object]) -> None:
    async def scene(udp: UdpSocket, upper: RecordingUpper, address: tuple[str, int]) -> None:
        with bound() as peer:
            for number in range(100):
                peer.sendto(b"number %d" % number, address)
            await upper.until(received=100)
            assert upper.received[-1][0] == b"number 99"

    run(new_loop, scene)  # type: ignore[arg-type]


@linux
@LOOPS
def test_a_closed_port_is_told_and_the_socket_serves_on(new_loop: Callable[..., object]) -> None:
    """RFC 3261 §18.4: ICMP port unreachable is a transport error."""

    async def scene(udp: UdpSocket, upper: RecordingUpper, address: tuple[str, int]) -> None:
        with bound() as peer:
            dead = bound()
            gone = Flow(Transport.UDP, dead.getsockname(), 3)
            dead.close()
            alive = Flow(Transport.UDP, peer.getsockname(), 3)
            udp.send(b"nobody hears", gone)
            assert upper.failed == [], "never from inside send"
            udp.send(b"heard", alive)
            udp.send(b"nobody hears", gone)
            await upper.until(failed=2)
            assert set(upper.failed) == {gone}
            assert peer.recv(100) == b"heard", "a pending error of another datagram does not swallow this one"
            busy = time.process_time()
            peer.sendto(b"still there", address)
            await upper.until(received=1)
            await asyncio.sleep(0.02)
            assert time.process_time() - busy < 0.015, "an emptied error queue wakes nobody"

    run(new_loop, scene)  # type: ignore[arg-type]


@LOOPS
def test_what_cannot_be_sent_at_all_is_told(new_loop: Callable[..., object]) -> None:
    async def scene(udp: UdpSocket, upper: RecordingUpper, address: tuple[str, int]) -> None:
        nowhere = Flow(Transport.UDP, ("255.255.255.255", 5060), 3)  # broadcast is not allowed
        udp.send(b"x", nowhere)
        udp.send(b"x" * 70_000, Flow(Transport.UDP, address, 3))
        await upper.until(failed=2)
        assert upper.failed[0] == nowhere

    run(new_loop, scene)  # type: ignore[arg-type]

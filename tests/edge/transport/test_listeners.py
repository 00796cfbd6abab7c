"""Opening `listen.sip` on loopback, and how peers are told to see us."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.schema import SipLimits, SipListener, SipTransport
from edge.sip.flow import Flow, Transport
from edge.transport.listeners import ListenError, Listeners
from tests.support.upper import RecordingUpper

MESSAGE = b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
UDP, TCP = SipTransport.UDP, SipTransport.TCP


def listener(transport: SipTransport, address: str = "127.0.0.1", port: int = 0) -> SipListener:
    # Port 0, any free one, is for tests only: the configuration refuses it.
    return SipListener.model_construct(transport=transport, address=address, port=port)


@asynccontextmanager
async def opened(
    *listen: SipListener, public: str | None = None
) -> AsyncIterator[tuple[Listeners, RecordingUpper]]:
    upper = RecordingUpper()
    async with asyncio.TaskGroup() as tasks:
        listeners = Listeners(SipLimits(), asyncio.get_running_loop(), tasks, public=public)
        await listeners.open(listen, upper)
        try:
            yield listeners, upper
        finally:
            await listeners.close()


async def refusal(*listen: SipListener) -> str:
    async with asyncio.TaskGroup() as tasks:
        listeners = Listeners(SipLimits(), asyncio.get_running_loop(), tasks)
        with pytest.raises(ListenError) as error:
            await listeners.open(listen, RecordingUpper())
        assert listeners.bound == ()
    return str(error.value)


async def test_messages_come_in_and_leave_by_every_listener() -> None:
    async with opened(listener(UDP), listener(TCP), listener(UDP, "127.0.0.2")) as (listeners, upper):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.settimeout(5)
            for number in (0, 2):
                bound = listeners.bound[number]
                phone.sendto(MESSAGE, (bound.address, bound.port))
                await upper.until(received=1)
                data, flow = upper.received.pop()
                assert data == MESSAGE and flow == Flow(Transport.UDP, phone.getsockname(), number)
                listeners.send(b"answer", flow)
                assert phone.recvfrom(100) == (b"answer", (bound.address, bound.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[1].port)
        writer.write(MESSAGE)
        await upper.until(received=1)
        listeners.send(b"answer", upper.received[0][1])
        assert await reader.readexactly(6) == b"answer" and listeners.connections == 1
        assert listeners.refused == listeners.dropped == 0
        writer.close()


async def test_a_port_in_use_is_told_with_what_to_change_and_nothing_stays_open() -> None:
    for kind, transport in ((socket.SOCK_DGRAM, UDP), (socket.SOCK_STREAM, TCP)):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind is socket.SOCK_STREAM:
                taken.listen()
            port = taken.getsockname()[1]
            text = await refusal(listener(UDP), listener(transport, port=port))
            assert f"{transport.value} 127.0.0.1:{port} is in use" in text and "listen.sip[1].port" in text


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (
            listener(UDP, "192.0.2.1", 5060),
            "this machine has no address 192.0.2.1; change listen.sip[0].address",
        ),
        (listener(SipTransport.WSS, port=5067), "wss 127.0.0.1:5067 needs a certificate: add listen.tls"),
    ],
)
async def test_other_faults_are_told_too(bad: SipListener, text: str) -> None:
    assert text in await refusal(bad)


async def test_we_are_named_as_the_peer_sees_us() -> None:
    async with opened(listener(UDP, "0.0.0.0"), listener(TCP, "127.0.0.3")) as (listeners, _):
        near = Flow(Transport.UDP, ("127.0.0.9", 5060))
        assert listeners.media_address(near) == "127.0.0.1"
        assert listeners.sent_by(near) == f"127.0.0.1:{listeners.bound[0].port}"
        assert listeners.sent_by(Flow(Transport.TCP, ("127.0.0.9", 5060), 1)).startswith("127.0.0.3:")
        assert listeners.sent_by(Flow(Transport.UDP, ("127.0.0.9", 5060), 9)), "an index of an earlier run"


async def test_a_public_address_is_for_the_outside() -> None:
    async with opened(listener(UDP, "0.0.0.0"), public="203.0.113.5") as (listeners, _):
        assert listeners.media_address(Flow(Transport.UDP, ("198.51.100.1", 5060))) == "203.0.113.5"
        assert listeners.media_address(Flow(Transport.UDP, ("127.0.0.1", 5060))) == "127.0.0.1"


async def test_a_flow_starts_at_a_listener_of_its_transport_and_family() -> None:
    async with opened(listener(UDP), listener(TCP)) as (listeners, _):
        assert listeners.flow_to(Transport.TCP, "127.0.0.1", 5060) == Flow(
            Transport.TCP, ("127.0.0.1", 5060), 1
        )
        assert listeners.flow_to(Transport.UDP, "::1", 5060) is None
        assert listeners.flow_to(Transport.WS, "127.0.0.1", 5060) is None


async def test_a_transport_that_we_do_not_speak_is_unreachable() -> None:
    async with opened(listener(TCP)) as (listeners, upper):
        flows = [Flow(transport, ("127.0.0.1", 5061)) for transport in (Transport.TLS, Transport.UDP)]
        for flow in flows:
            listeners.send(b"x", flow)
        await upper.until(failed=2)
        assert upper.failed == flows


async def test_ipv6_is_served_like_ipv4() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    async with opened(listener(UDP, "::1"), listener(TCP, "::1")) as (listeners, upper):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as phone:
            phone.bind(("::1", 0))
            phone.settimeout(5)
            port = listeners.bound[0].port
            phone.sendto(MESSAGE, ("::1", port))
            await upper.until(received=1)
            flow = upper.received[0][1]
            assert flow == Flow(Transport.UDP, phone.getsockname()[:2])
            listeners.send(b"answer", flow)
            assert phone.recv(100) == b"answer" and listeners.sent_by(flow) == f"[::1]:{port}"
        reader, writer = await asyncio.open_connection("::1", listeners.bound[1].port)
        writer.write(MESSAGE)
        await upper.until(received=2)
        listeners.send(b"answer", upper.received[1][1])
        assert await reader.readexactly(6) == b"answer"
        writer.close()

"""Opening `listen.sip` on loopback, and how peers are told to see us."""

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from config.schema import SipLimits, SipListener, SipTransport, Tls
from edge.sip.flow import Flow, Transport
from edge.transport.listeners import ListenError, Listeners
from tests.support.authority import Authority
from tests.support.security import FakeGuard
from tests.support.upper import RecordingUpper

MESSAGE = b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
UDP, TCP = SipTransport.UDP, SipTransport.TCP


def listener(transport: SipTransport, address: str = "127.0.0.1", port: int = 0) -> SipListener:
    # Port 0, any free one, is for tests only: the configuration refuses it.
    return SipListener.model_construct(transport=transport, address=address, port=port)


@asynccontextmanager
async def opened(
    *listen: SipListener,
    public: str | None = None,
    tls: Tls | None = None,
    guard: FakeGuard | None = None,
) -> AsyncIterator[tuple[Listeners, RecordingUpper]]:
    upper = RecordingUpper()
    async with asyncio.TaskGroup() as tasks:
        listeners = Listeners(
            SipLimits(), asyncio.get_running_loop(), tasks, public=public, tls=tls, guard=guard
        )
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


async def test_a_banned_source_is_sent_nothing_and_its_connections_end() -> None:
    """Issue 3, Security: not even copies of answers that it does not acknowledge."""
    guard = FakeGuard()
    async with opened(listener(UDP), listener(TCP), guard=guard) as (listeners, upper):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.settimeout(0.05)
            phone.sendto(MESSAGE, ("127.0.0.1", listeners.bound[0].port))
            await upper.until(received=1)
            reader, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[1].port)
            writer.write(MESSAGE)
            await upper.until(received=2)
            guard.shut.add("127.0.0.1")
            for _, flow in upper.received:
                listeners.send(b"answer", flow)
            with pytest.raises(TimeoutError):
                phone.recv(100)
            listeners.cut("127.0.0.1")
            assert await reader.read() == b"" and upper.failed == []
            writer.close()


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


# TLS.

TLS, WSS = SipTransport.TLS, SipTransport.WSS
PHONE, CARRIER = "127.0.0.1", "sip.carrier.example"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trusting(authority: Authority, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


async def shown(port: int, context: ssl.SSLContext) -> bytes:
    """The certificate that a new connection gets."""
    _, writer = await asyncio.open_connection(PHONE, port, ssl=context)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_a_phone_comes_by_tls_and_is_answered(authority: Authority) -> None:
    """RFC 3261 §26.2.1."""
    async with opened(listener(TLS), tls=authority.tls("s", PHONE)) as (listeners, upper):
        port = listeners.bound[0].port
        reader, writer = await asyncio.open_connection(PHONE, port, ssl=trusting(authority))
        writer.write(MESSAGE)
        await upper.until(received=1)
        data, flow = upper.received[0]
        assert data == MESSAGE and flow.transport is Transport.TLS
        assert listeners.sent_by(flow) == f"127.0.0.1:{port}"
        listeners.send(b"answer", flow)
        assert await reader.readexactly(6) == b"answer"
        writer.close()
        await upper.until(gone=1)
        assert upper.gone == [flow] and listeners.connections == 0


async def test_who_speaks_no_tls_gets_nowhere_and_hurts_nobody(authority: Authority) -> None:
    async with opened(listener(TLS), tls=authority.tls("s", PHONE)) as (listeners, upper):
        port = listeners.bound[0].port
        reader, writer = await asyncio.open_connection(PHONE, port)
        writer.write(MESSAGE)
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
        assert await shown(port, trusting(authority)) and upper.received == []
        assert listeners.failed_handshakes == 1


async def test_phones_without_a_certificate_are_refused_when_one_is_asked_for(authority: Authority) -> None:
    tls = authority.tls("s", PHONE, verify_client=True)
    async with opened(listener(TLS), tls=tls) as (listeners, upper):
        port = listeners.bound[0].port
        for certificate in (None, authority.issue("phone", "phone.example")):
            try:
                reader, writer = await asyncio.open_connection(
                    PHONE, port, ssl=trusting(authority, certificate)
                )
                writer.write(MESSAGE)
                if certificate is None:
                    # In TLS 1.3 the refusal comes after the client's side of the handshake.
                    assert await reader.read() == b""
                    raise ConnectionResetError
            except (ssl.SSLError, ConnectionError):
                assert certificate is None
                continue
            await upper.until(received=1)
            writer.close()
        assert len(upper.received) == 1


async def test_a_new_certificate_serves_the_next_connection(authority: Authority) -> None:
    tls = authority.tls("s", PHONE)
    async with opened(listener(TLS), tls=tls) as (listeners, _):
        port, context = listeners.bound[0].port, trusting(authority)
        first = await shown(port, context)
        for fresh, old in zip(authority.issue("next", PHONE), (tls.certificate, tls.key), strict=True):
            shutil.copy(fresh, old)
        assert await shown(port, context) == first
        listeners.reload_certificate()
        second = await shown(port, context)
        assert second != first
        tls.certificate.write_text("broken")
        listeners.reload_certificate()
        assert await shown(port, context) == second


async def test_a_carrier_must_prove_its_name(authority: Authority) -> None:
    """RFC 5922 §7: a trusted certificate of somebody else is not enough."""
    ours = authority.tls("s", PHONE)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    theirs.verify_mode = ssl.CERT_REQUIRED  # and so must we
    theirs.load_cert_chain(*authority.issue("carrier", "sip:" + CARRIER))
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def carrier(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(carrier, PHONE, 0, ssl=theirs)
    where: tuple[str, int] = server.sockets[0].getsockname()
    async with opened(listener(TLS), tls=ours) as (listeners, upper):
        stranger = listeners.flow_to(Transport.TLS, *where, "sip.other.example")
        good = listeners.flow_to(Transport.TLS, *where, CARRIER)
        assert stranger is not None and good is not None
        listeners.send(b"secret", stranger)
        await upper.until(failed=1)
        assert upper.failed == [stranger]
        listeners.send(b"hello", good)
        async with asyncio.timeout(5):
            while (data := await heard.get()) == b"":
                pass
        assert data == b"hello" and upper.failed == [stranger]
    server.close()


async def test_a_carrier_that_nobody_vouches_for_is_not_spoken_to(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(*other.issue("carrier", CARRIER))
    server = await asyncio.start_server(lambda *_: None, PHONE, 0, ssl=theirs)
    async with opened(listener(TLS), tls=authority.tls("s", PHONE)) as (listeners, upper):
        flow = listeners.flow_to(Transport.TLS, *server.sockets[0].getsockname(), CARRIER)
        assert flow is not None
        listeners.send(b"secret", flow)
        await upper.until(failed=1)
        assert upper.failed == [flow]
    server.close()


async def test_two_of_us_speak_by_every_transport(authority: Authority) -> None:
    tls = authority.tls("s", PHONE)
    kinds = (UDP, TCP, TLS, SipTransport.WS, WSS)
    async with opened(*map(listener, kinds), tls=tls) as (server, upper):
        assert [kind.value for kind in server.transports] == ["UDP", "TCP", "TLS", "WS", "WSS"]
        for bound in server.bound[1:]:
            async with asyncio.TaskGroup() as tasks:
                phone, heard = (
                    Listeners(SipLimits(), asyncio.get_running_loop(), tasks, verify=False),
                    RecordingUpper(),
                )
                phone.open_outward(bound.transport, PHONE, heard)
                phone.send(MESSAGE, Flow(bound.transport, (PHONE, bound.port)))
                await upper.until(received=1)
                data, flow = upper.received.pop()
                assert data == MESSAGE and flow.transport is bound.transport
                server.send(MESSAGE, flow)
                await heard.until(received=1)
                assert heard.received[0][0] == MESSAGE
                await phone.close()


async def test_faults_of_the_certificate_are_told_at_start(authority: Authority) -> None:
    tls = authority.tls("s", PHONE)
    tls.key.unlink()
    async with asyncio.TaskGroup() as tasks:
        listeners = Listeners(SipLimits(), asyncio.get_running_loop(), tasks, tls=tls)
        with pytest.raises(ListenError, match=r"listen.tls: key: .*s\.key cannot be read"):
            await listeners.open([listener(TLS)], RecordingUpper())

"""Agent sockets against real servers: what is said when they fail, and that nothing stays behind."""

import asyncio
import base64
import hashlib
import inspect
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import numpy as np
import pytest
import uvloop
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from config.schema import MediaLimits
from media.agent.plane import AgentPlane
from media.port import (
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentInterrupted,
    AgentMessage,
    AgentOptions,
    AgentSpec,
    AttachAgent,
    Event,
    Interruption,
    LegId,
)
from tests.support.address import free_tcp_port, loopback
from tests.support.agent import ramp

HANDLER = Callable[[ServerConnection], Awaitable[None]]
ROW = np.array([0], np.int32)


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run on uvloop, as the daemon does, and on asyncio's own loop; nothing may stay behind."""

    async def supervised(**arguments: object) -> None:
        before = sockets()
        await test(**arguments)
        await until(lambda: sockets() <= before and len(asyncio.all_tasks()) == 1)

    def run(**arguments: Any) -> None:
        with asyncio.Runner(loop_factory=arguments.pop("loop")) as runner:
            runner.run(supervised(**arguments))

    parameters = inspect.signature(test).parameters
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = inspect.Signature([*parameters.values(), loop])  # type: ignore[attr-defined]
    run.__name__ = test.__name__
    run.pytestmark = getattr(test, "pytestmark", [])  # type: ignore[attr-defined]
    factories = pytest.mark.parametrize(
        "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
    )
    marked: Callable[..., None] = factories(run)
    return marked


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # what is waited for lies in the kernel or in the plane
            await asyncio.sleep(0.005)


class Leg:
    """One slot of a plane on the running loop."""

    def __init__(self, limits: MediaLimits | None = None) -> None:
        self.events: list[Event] = []
        self.plane = AgentPlane(2, limits or MediaLimits(), self.events.append, time.monotonic)

    def attach(self, url: str, **spec: object) -> None:
        agent = AgentSpec("bot", str(spec.pop("dialect", "tandem")), url, **spec)  # type: ignore[arg-type]
        self.plane.attach(0, AttachAgent(LegId("leg"), agent, "call-1", "acc_demo"), time.monotonic())

    async def event(self, kind: type[Event]) -> Event:
        await until(lambda: any(isinstance(event, kind) for event in self.events))
        return next(event for event in self.events if isinstance(event, kind))

    async def failure(self) -> tuple[str, str]:
        event = await self.event(AgentFailed)
        assert isinstance(event, AgentFailed)
        return event.reason, event.detail

    def frame(self) -> np.ndarray:
        """One tick both ways; returns what the agent said."""
        now = time.monotonic()
        pcm, _ = self.plane.speak(ROW, now)
        self.plane.hear(ROW, ramp(160)[None, :], np.zeros((1, 160), np.uint8), now)
        return pcm[0]


@asynccontextmanager
async def bot(handler: HANDLER, **options: object) -> AsyncIterator[str]:
    async with serve(handler, loopback(), 0, compression=None, **options) as server:  # type: ignore[arg-type]
        address, port = server.sockets[0].getsockname()[:2]
        yield f"ws://{address}:{port}/media"


@asynccontextmanager
async def listener(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    server = await asyncio.start_server(handler, loopback(), 0)
    address, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"ws://{address}:{port}/media"
    finally:
        server.close()


def sockets() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return count


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The server's part of RFC 6455 §4.2.2, by one who never answers a frame."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request, re.IGNORECASE)
    assert key is not None
    accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


async def until_closed(connection: ServerConnection) -> None:
    await connection.wait_closed()


@on_both_loops
async def test_audio_comes_back_from_an_echoing_bot_and_goodbye_is_said() -> None:
    heard: list[str | bytes] = []
    headers: dict[str, str] = {}

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers.update(connection.request.headers.raw_items())
        async for message in connection:
            heard.append(message)
            if isinstance(message, bytes):
                await connection.send(message)

    async with bot(handler) as url:
        leg = Leg()
        leg.attach(url, headers=(("Authorization", "Bearer key"),))
        await leg.event(AgentConnected)
        returned = []
        async with asyncio.timeout(5):
            while len(returned) < 5:
                if (pcm := leg.frame()).any():
                    returned.append(pcm)
                await asyncio.sleep(0.02)
        assert all(np.array_equal(pcm, ramp(160)) for pcm in returned)
        await leg.plane.close()
        await asyncio.sleep(0.05)
    assert headers["Authorization"] == "Bearer key"
    assert "Sec-WebSocket-Extensions" not in headers  # no compression
    assert str(heard[0]).startswith('{"type":"start"') and heard[-1] == '{"type":"stop"}'
    assert not any(isinstance(event, AgentFailed | AgentEnded) for event in leg.events)


@on_both_loops
async def test_barge_in_returns_the_marks_of_a_media_stream() -> None:
    received: list[str] = []

    async def handler(connection: ServerConnection) -> None:
        await connection.send('{"event":"media","media":{"payload":"' + "AAAA" * 8000 + '"}}')
        await connection.send('{"event":"mark","mark":{"name":"end"}}')
        async for message in connection:
            received.append(str(message))

    async with bot(handler) as url:
        leg = Leg()
        # What it hears here is as regular as what the bot says, and would be taken for its echo.
        options = AgentOptions(interruption=Interruption(echo_guard=False))
        leg.attach(url, dialect="twilio", options=options)
        await leg.event(AgentMessage)
        await until(lambda: leg.frame().any())
        leg.plane.speech([0], [], time.monotonic())
        assert isinstance(await leg.event(AgentInterrupted), AgentInterrupted)
        leg.frame()
        assert not leg.frame().any()
        await until(lambda: any('"mark"' in message for message in received))
        await leg.plane.close()
    assert '"connected"' in received[0] and '"start"' in received[1]


@on_both_loops
@pytest.mark.parametrize(
    ("code", "kind"), [(1000, AgentEnded), (1001, AgentFailed), (1011, AgentFailed), (4000, AgentFailed)]
)
async def test_how_the_bot_closes_decides_how_it_ended(code: int, kind: type[Event]) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(code, "why")

    async with bot(handler) as url:
        leg = Leg()
        leg.attach(url)
        event = await leg.event(kind)
        match event:
            case AgentEnded(_, reason):
                assert reason == "why"
            case AgentFailed(_, reason, detail):
                assert reason == "closed" and str(code) in detail and "why" in detail
        assert sum(isinstance(event, AgentEnded | AgentFailed) for event in leg.events) == 1
        await leg.plane.close()


@on_both_loops
async def test_a_bot_that_drops_the_connection_has_failed() -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with bot(handler) as url:
        leg = Leg()
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "closed" and "without a close" in detail
        await leg.plane.close()


@on_both_loops
async def test_nobody_listens() -> None:
    address = loopback()
    leg = Leg()
    leg.attach(f"ws://{address}:{free_tcp_port(address)}/")
    reason, detail = await leg.failure()
    assert reason == "refused" and "start the agent" in detail


@on_both_loops
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "ws://", "nonsense", "ws://127.0.0.1:99999/", "ws://a..b/"]
)
async def test_an_impossible_url_is_a_refusal(url: str) -> None:
    leg = Leg()
    leg.attach(url)
    reason, _ = await leg.failure()
    assert reason == "refused"


@on_both_loops
@pytest.mark.parametrize(
    ("status", "advice"), [(401, "headers"), (403, "headers"), (404, "path"), (302, "redirect"), (503, "log")]
)
async def test_a_refused_handshake_says_what_to_change(status: int, advice: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus(status), "no\n")
        response.headers["Location"] = "ws://127.0.0.1:1/"
        return response

    async with bot(until_closed, process_request=refuse) as url:
        leg = Leg()
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "refused" and str(status) in detail and advice in detail


@on_both_loops
async def test_a_server_that_hangs_up_on_the_handshake_is_a_refusal() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "refused" and "handshake" in detail


@on_both_loops
async def test_a_server_of_another_protocol_is_a_refusal() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await reader.read()
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        reason, _ = await leg.failure()
        assert reason == "refused"


@on_both_loops
async def test_tls_to_a_plain_server_is_a_refusal() -> None:
    async with bot(until_closed) as url:
        leg = Leg()
        leg.attach(url.replace("ws:", "wss:"))
        reason, detail = await leg.failure()
        assert reason == "refused" and "wss" in detail


@on_both_loops
async def test_a_server_that_never_answers_times_out_and_its_socket_is_closed() -> None:
    closed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url, connect_timeout=0.2)
        reason, detail = await leg.failure()
        assert reason == "timeout" and "0.2 s" in detail
        async with asyncio.timeout(1):
            await closed.wait()


@on_both_loops
async def test_detach_while_dialling_closes_the_socket_at_once() -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        closed.set()
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        async with asyncio.timeout(2):
            await arrived.wait()
            leg.plane.detach(0, time.monotonic())
            await closed.wait()
        assert leg.events == []


@on_both_loops
async def test_a_bot_that_ignores_our_close_is_cut_off() -> None:
    cut = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        await reader.read()
        cut.set()
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        await leg.event(AgentConnected)
        leg.plane.detach(0, time.monotonic())
        async with asyncio.timeout(3):
            await cut.wait()


@on_both_loops
async def test_a_bot_that_answers_no_ping_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.agent.socket.PING_AFTER", 0.05)
    monkeypatch.setattr("media.agent.socket.PONG_WITHIN", 0.05)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        await reader.read()
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "closed" and "ping" in detail


@on_both_loops
async def test_a_bot_that_does_not_read_costs_bounded_memory() -> None:
    release = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await release.wait()
        connection.transport.resume_reading()
        connection.transport.abort()

    async with bot(handler) as url:
        leg = Leg(MediaLimits(agent_write_buffer=16_384))
        leg.attach(url, sample_rate=24000)
        await leg.event(AgentConnected)
        for _ in range(30_000):
            leg.frame()
            if leg.plane.gauges()["frames_skipped"] > 100:
                break
        gauges = leg.plane.gauges()
        assert gauges["frames_skipped"] > 100
        assert not any(isinstance(event, AgentFailed) for event in leg.events)
        for _ in range(20_000):
            leg.plane.digit(0, "1", 100)
        reason, detail = await leg.failure()
        assert reason == "closed" and "stopped reading" in detail
        release.set()
        await leg.plane.close()


@on_both_loops
async def test_a_message_beyond_the_limit_is_a_protocol_failure() -> None:
    async def handler(connection: ServerConnection) -> None:
        try:
            await connection.send(bytes(10_000))
            await connection.wait_closed()
        except ConnectionClosed:
            pass

    async with bot(handler) as url:
        leg = Leg(MediaLimits(agent_message_bytes=8_192))
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "protocol" and "1009" in detail


@on_both_loops
async def test_a_frame_with_a_reserved_bit_is_a_protocol_failure() -> None:
    """RFC 6455 §5.2, and what is behind it is not heard."""
    codes: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(b"\xc1\x02{}" + b"\x81\x10" + b'{"type":"stats"}')
        async with asyncio.timeout(5):
            sent = await reader.read()
        codes.append(sent)
        writer.close()

    async with listener(handler) as url:
        leg = Leg()
        leg.attach(url)
        reason, detail = await leg.failure()
        assert reason == "protocol" and "reserved" in detail
        await until(lambda: codes)
        assert (
            leg.plane.gauges()["messages_received"] == 0
            and len([e for e in leg.events if isinstance(e, AgentFailed)]) == 1
        )


@on_both_loops
async def test_fragments_are_one_message_and_pings_are_answered() -> None:
    latency: list[float] = []

    async def handler(connection: ServerConnection) -> None:
        audio = ramp(160).tobytes()
        await connection.send([audio[:7], audio[7:100], audio[100:]])
        latency.append(await (await connection.ping()))
        await connection.wait_closed()

    async with bot(handler) as url:
        leg = Leg()
        leg.attach(url)
        heard: list[np.ndarray] = []
        await until(lambda: heard.append(leg.frame()) or heard[-1].any())
        await until(lambda: latency)
        assert np.array_equal(heard[-1], ramp(160))
        await leg.plane.close()

"""WebSocket to an agent, as the client (RFC 6455): connect with a deadline, send without waiting.

Compression is off, redirects are not followed, pings are answered and a peer that answers none of ours is
given up. Audio for an agent that does not read is dropped by the caller of `Line` while `congested`.
Whatever goes wrong is told to the `Listener` once, in words that say what to change.
"""

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol

import picows
from picows.url import parse_url

from config.address import is_public
from config.schema import MediaLimits
from media.agent.contract import Buffer
from media.agent.fault import WrongChoice, explain, shown
from media.agent.handshake import check_answer, headers_of
from media.port import AgentSpec

PING_AFTER: Final = 20.0
"Silence of the agent [s] after which we ping it."
PONG_WITHIN: Final = 10.0
"[s]"
CLOSE_WITHIN: Final = 1.0
"An agent that does not answer our close is cut off after this [s]."
REASON_CHARACTERS: Final = 200

_BINARY: Final = picows.WSMsgType.BINARY
_TEXT: Final = picows.WSMsgType.TEXT
_log = logging.getLogger(__name__)


class Listener(Protocol):
    """What a line reports, on the loop. `closed` or `failed` comes last, once, unless we closed first."""

    def opened(self, line: "Line") -> None: ...

    def received_text(self, text: Buffer) -> None: ...

    def received_binary(self, data: Buffer) -> None:
        """`data` is valid until this returns."""

    def closed(self, reason: str) -> None:
        """The agent closed with 1000."""

    def failed(self, reason: str, detail: str) -> None:
        """Never reached, or broke off; `reason` is one of `AgentFailed.reason`."""


class Line(Protocol):
    """An open socket to an agent. Sending never waits, never raises and is a no-op once it is closed."""

    congested: bool
    "More than `MediaLimits.agent_write_buffer` waits to be read by the agent."
    binary: Callable[[Buffer], None]

    def text(self, message: str) -> None: ...

    def close(self, code: int) -> None: ...


class Call(Protocol):
    """An attempt to connect, and then the connection."""

    def abandon(self) -> None:
        """Stop trying, or close what is open; nothing is reported any more."""


class Dial(Protocol):
    def __call__(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Call: ...


class Dialler:
    """Dials agents on the running loop and owns the tasks that do it."""

    def __init__(self, limits: MediaLimits) -> None:
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._context: ssl.SSLContext | None = None

    def __call__(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Call:
        connection = _Connection(listener, self._limits)
        task = asyncio.get_running_loop().create_task(self._connect(spec, subprotocol, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        connection.task = task
        return connection

    async def close(self) -> None:
        """Wait until everything that was abandoned has gone, `CLOSE_WITHIN` at most."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, spec: AgentSpec, subprotocol: str | None, connection: "_Connection") -> None:
        try:
            async with asyncio.timeout(spec.connect_timeout):
                transport = await self._open(spec, subprotocol, connection)
        except TimeoutError:
            connection.fail(
                "timeout",
                f"{shown(spec.url)} did not answer within {spec.connect_timeout:g} s: "
                "check that the agent runs and that no firewall is between, or raise connect_timeout",
            )
        except (OSError, ValueError, TypeError, UnicodeError, WrongChoice, picows.WSError) as error:
            connection.fail("refused", explain(spec, error))
        except Exception:
            _log.exception("agent %s is not reached by a fault of ours", spec.name)
            connection.fail("fault", "a fault of ours, which the node's log shows")
        else:
            try:
                await transport.wait_disconnected()
            except picows.WSError:
                pass  # the peer broke the protocol, as `on_ws_disconnected` has told
            except Exception:
                _log.exception("agent %s: the call lost its agent by a fault of ours", spec.name)

    async def _open(
        self, spec: AgentSpec, subprotocol: str | None, connection: "_Connection"
    ) -> picows.WSTransport:
        url = parse_url(spec.url)
        headers = headers_of(spec, url, subprotocol)
        if url.is_secure and self._context is None:
            # Reading the system's certificates takes tens of milliseconds.
            self._context = await asyncio.to_thread(ssl.create_default_context)
        sock = await _connect_tcp(url.host, url.port, spec.trusted)

        def admit(request: picows.WSUpgradeRequest, response: picows.WSUpgradeResponse) -> "_Connection":
            check_answer(headers, response.headers)
            return connection

        try:
            transport, _ = await picows.ws_connect(
                admit,
                spec.url.replace(url.netloc, url.netloc.rpartition("@")[2], 1),  # its user is in a header
                ssl_context=self._context,
                socket_factory=lambda _: sock,
                websocket_handshake_timeout=None,
                logger_name=_log,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_AFTER,
                auto_ping_reply_timeout=PONG_WITHIN,
                enable_auto_pong=False,
                max_frame_size=self._limits.agent_message_bytes,
                max_redirects=0,
                extra_headers=headers,
                use_aiofastnet=False,
            )
            if transport.response is None:
                raise ConnectionResetError("closed before the handshake")
            return transport
        except BaseException:
            # picows forgets a connection whose handshake is cancelled; its transport ends with the socket.
            _shut(sock)
            raise


class _Connection(picows.WSListener):
    """One socket, from the first SYN to the last FIN."""

    def __init__(self, listener: Listener, limits: MediaLimits) -> None:
        self.task: asyncio.Task[None] | None = None
        self.congested = False
        self.binary: Callable[[Buffer], None] = _nowhere
        self._listener: Listener | None = listener
        self._limit = limits.agent_message_bytes
        self._write_limit = limits.agent_write_buffer
        self._unread = limits.agent_unread
        self._transport: picows.WSTransport | None = None
        self._parts: bytearray | None = None  # of a fragmented message
        self._parts_text = False
        self._cut: asyncio.TimerHandle | None = None
        self._deaf: asyncio.TimerHandle | None = None

    # Ours to call.

    def text(self, message: str) -> None:
        transport = self._transport
        if transport is None:
            return
        if self.congested and transport.underlying_transport.get_write_buffer_size() > 4 * self._write_limit:
            self._give_up(transport)
            return
        transport.send(_TEXT, message)

    def close(self, code: int) -> None:
        self._listener = None
        transport = self._transport
        if transport is None or transport.is_disconnected:
            return
        transport.send_close(picows.WSCloseCode(code))
        if self._cut is None:
            self._cut = asyncio.get_running_loop().call_later(CLOSE_WITHIN, transport.disconnect, False)

    def abandon(self) -> None:
        self._listener = None
        if self._transport is not None:
            self.close(1000)
        elif self.task is not None:
            self.task.cancel()

    def fail(self, reason: str, detail: str) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.failed(reason, detail)

    # picows calls these.

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        transport.underlying_transport.set_write_buffer_limits(high=self._write_limit)
        self.binary = functools.partial(transport.send, _BINARY)
        if self._listener is None:
            self.close(1000)
        else:
            self._listener.opened(self)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        listener = self._listener
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            # RFC 6455 §5.2: no extension is ever offered that would give it a meaning.
            self._refuse(picows.WSCloseCode.PROTOCOL_ERROR, "a reserved bit of a frame is set")
        elif kind == _BINARY and frame.fin and self._parts is None:
            if listener is not None:
                listener.received_binary(frame.get_payload_as_memoryview())
        elif kind == _TEXT and frame.fin and self._parts is None:
            if listener is not None:
                listener.received_text(frame.get_payload_as_memoryview())
        elif kind == picows.WSMsgType.PING:
            if not self.congested:
                transport.send_pong(frame.get_payload_as_bytes())
        elif kind == picows.WSMsgType.CLOSE:
            self._on_close(transport, frame)
        elif kind != picows.WSMsgType.PONG:
            self._on_fragment(transport, frame)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self.binary = _nowhere
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        self.resume_writing()
        # No cycle stays for the collector.
        self.task = self._transport = None
        if not self._given_up(transport):
            self.fail("closed", "the agent's connection broke without a close message: see the agent's log")

    def pause_writing(self) -> None:
        self.congested = True
        if self._deaf is None and self._transport is not None:
            loop = asyncio.get_running_loop()
            self._deaf = loop.call_later(self._unread, self._give_up, self._transport)

    def resume_writing(self) -> None:
        self.congested = False
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None

    def _give_up(self, transport: picows.WSTransport) -> None:
        self.fail("closed", "the agent stopped reading its socket while we had messages for it")
        transport.disconnect(False)

    def _given_up(self, transport: picows.WSTransport) -> bool:
        """Whether picows closed first: no pong, a message above the limit, broken framing."""
        sent = transport.close_handshake.sent if transport.close_handshake else None
        if sent is None or (code := _number(sent.code)) == 1000:
            return False
        self.fail("closed" if code == 1001 else "protocol", f"we closed with {code}: {sent.reason}")
        return True

    def _on_close(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if self._given_up(transport):
            transport.disconnect()
            return
        code = _number(frame.get_close_code())
        reason = (frame.get_close_reason() or "")[:REASON_CHARACTERS]
        listener, self._listener = self._listener, None
        # RFC 6455 §5.5.1: answer with a close; the server then closes TCP, or we cut it.
        self.close(1000)
        if listener is None:
            return
        if code == 1000:
            listener.closed(reason)
        else:
            shown = "no code" if code == 0 else str(code)
            listener.failed(
                "closed",
                f"the agent closed with {shown}{f': {reason}' if reason else ''}: see the agent's log",
            )

    def _on_fragment(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """A message in several frames (RFC 6455 §5.4)."""
        begins = frame.msg_type != picows.WSMsgType.CONTINUATION
        if begins != (self._parts is None):
            self._refuse(picows.WSCloseCode.PROTOCOL_ERROR, "fragments of two messages are mixed")
            return
        if begins:
            self._parts = bytearray()
            self._parts_text = frame.msg_type == _TEXT
        assert self._parts is not None, "set by the first fragment"
        if len(self._parts) + frame.payload_size > self._limit:
            self._refuse(picows.WSCloseCode.MESSAGE_TOO_BIG, f"a message is longer than {self._limit} bytes")
            return
        self._parts += frame.get_payload_as_memoryview()
        if not frame.fin:
            return
        message, self._parts = self._parts, None
        if self._listener is not None:
            (self._listener.received_text if self._parts_text else self._listener.received_binary)(message)

    def _refuse(self, code: picows.WSCloseCode, detail: str) -> None:
        self._parts = None
        self.fail("protocol", detail)
        self.close(_number(code))


def _number(code: Any) -> int:
    """A close code as picows has it: an IntEnum, whatever its stubs say, or a bare int for 3000–4999."""
    return int(code)


def _nowhere(data: Buffer) -> None:
    """Where audio for a closed socket goes."""


async def _connect_tcp(host: str, port: int, trusted: bool) -> socket.socket:
    """Connect to the first address of `host` that answers.

    Args: trusted: private addresses will do.
    """
    loop = asyncio.get_running_loop()
    try:
        # An address needs no thread to be looked up.
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not trusted:
        infos = [info for info in infos if is_public(str(info[4][0]))]
    refusal: OSError = ConnectionError(f"{host} has no {'address' if trusted else 'public address'}")
    for family, kind, protocol, _, address in infos:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            refusal = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise refusal


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)

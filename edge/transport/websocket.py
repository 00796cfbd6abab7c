"""SIP in WebSocket frames (RFC 7118, RFC 6455): subprotocol `sip`, one message a frame, text or binary.

The framing is the `websockets` library's, which does no I/O either. Compression is never agreed to: it
costs memory for each connection, and a bomb is one frame. CRLF keep-alives in frames are answered like
those of streams (RFC 7118 §6); pings of the WebSocket are answered by the library.
"""

import logging
from collections.abc import Sequence
from typing import Final

from websockets import ClientProtocol, ServerProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from config.schema import SipLimits
from edge.sip.stream import PING, PONG

SUBPROTOCOL: Final = Subprotocol("sip")

# A frame costs 6 µs however small: 256 KiB of empty ones, one read, would hold up the audio for 0.3 s.
_SLICE: Final = 4_096  # bytes in which a phone sends …
_FRAMES: Final = 32  # … no more than so many
_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
# What a peer does wrong is told by `fault`; the library would log each of it with its traceback.
_silent = logging.getLogger(__name__)
_silent.addHandler(logging.NullHandler())
_silent.propagate = False
_silent.setLevel(logging.CRITICAL)


class WebSocketChannel:
    """One WebSocket, of either role.

    Args: protocol: fresh; the client's has its request in its output already.
    """

    def __init__(self, protocol: ServerProtocol | ClientProtocol) -> None:
        self.opened = False
        self.fault = ""
        self.signs = 0
        self.must_pong = True
        self.orderly = False
        self._protocol = protocol
        self._message = bytearray()

    def receive(self, data: bytes) -> list[bytes]:
        messages: list[bytes] = []
        for start in range(0, len(data), _SLICE):
            if self.fault:
                break
            self._protocol.receive_data(data[start : start + _SLICE])
            events = self._protocol.events_received()
            if len(events) > _FRAMES:
                self.fault = "a flood of tiny frames"
                break
            for event in events:
                if isinstance(event, Frame):
                    self._frame(event, messages)
                elif isinstance(event, Request):
                    self._asked(event)
                else:
                    self._answered(event)
        if not self.fault and self._protocol.parser_exc is not None:
            self.fault = str(self._protocol.parser_exc)
        if not self.fault and self._protocol.handshake_exc is not None:
            self.fault = str(self._protocol.handshake_exc)
        return messages

    def take_output(self) -> bytes:
        return b"".join(self._protocol.data_to_send())

    def wrap(self, message: bytes) -> bytes:
        if self._protocol.state is not State.OPEN:
            return b""  # the connection is about to be closed
        if message.isascii() or _is_utf8(message):
            self._protocol.send_text(message)
        else:
            self._protocol.send_binary(message)
        return self.take_output()

    def ping(self) -> bytes:
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
        return self.take_output()

    # Inside.

    def _asked(self, request: Request) -> None:
        assert isinstance(self._protocol, ServerProtocol), "clients ask, servers answer"
        if self._protocol.parser_exc is not None:
            self.fault = "bytes that are no frame came before the handshake was done"
            return
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        self.opened = response.status_code == 101
        if not self.opened:
            # HTTP that can be read: a health check, or a page that may not.
            self.orderly = True
            self.fault = f"handshake refused: {response.status_code} {response.reason_phrase}"

    def _answered(self, response: Response) -> None:
        self.opened = self._protocol.state is State.OPEN
        if not self.opened:
            self.fault = f"the WebSocket was refused: {response.status_code} {response.reason_phrase}"
        elif self._protocol.subprotocol != SUBPROTOCOL:
            self.fault = "the server does not speak SIP over WebSocket"  # RFC 7118 §4.1

    def _frame(self, frame: Frame, messages: list[bytes]) -> None:
        if frame.opcode in _DATA:
            self._message += frame.data
            if frame.fin:
                message = bytes(self._message)
                self._message.clear()
                self._take(message, messages)
        elif frame.opcode is Opcode.CLOSE:
            self.orderly = True  # RFC 6455 §5.5.1
            self.fault = "closed by the peer"
        else:
            self.signs += 1

    def _take(self, message: bytes, messages: list[bytes]) -> None:
        if message.strip(b"\r\n"):
            messages.append(message)
            return
        self.signs += 1
        if message == PING and self._protocol.state is State.OPEN:
            self._protocol.send_text(PONG)


def server_channel(limits: SipLimits, origins: Sequence[str]) -> WebSocketChannel:
    """Args: origins: web pages that may connect, empty: any. What is no browser sends none and may."""
    protocol = ServerProtocol(
        origins=[*(Origin(text) for text in origins), None] if origins else None,
        subprotocols=[SUBPROTOCOL],
        max_size=limits.message_bytes,
        logger=_silent,
    )
    return WebSocketChannel(protocol)


def client_channel(limits: SipLimits, host: str, port: int, *, secure: bool) -> WebSocketChannel:
    """Args: host: a name, or a numeric address without brackets."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    uri = parse_uri(f"{'wss' if secure else 'ws'}://{authority}/")
    protocol = ClientProtocol(uri, subprotocols=[SUBPROTOCOL], max_size=limits.message_bytes, logger=_silent)
    protocol.send_request(protocol.connect())
    return WebSocketChannel(protocol)


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True

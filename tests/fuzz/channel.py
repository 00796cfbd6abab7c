"""Targets of the transports: WebSocket handshakes and frames, the hosts file, certificates' names."""

from random import Random

from websockets.frames import Frame, Opcode

from config.schema import SipLimits
from edge.sip.certificate import proves
from edge.transport.channel import Channel, StreamChannel
from edge.transport.hosts import _parse
from edge.transport.websocket import client_channel, server_channel
from tests.fuzz.target import Target

LIMITS = SipLimits()
MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi"
ASK = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://a\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: sip\r\n\r\n"
)


def frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


FRAMES = (
    frame(Opcode.TEXT, MESSAGE),
    frame(Opcode.BINARY, MESSAGE) + frame(Opcode.PING, b"x"),
    frame(Opcode.TEXT, MESSAGE[:9], False) + frame(Opcode.CONT, MESSAGE[9:]),
    frame(Opcode.TEXT, b"\r\n\r\n") + frame(Opcode.CLOSE, b"\x03\xe8"),
)


def fed(channel: Channel, data: bytes, random: Random) -> None:
    """In pieces of any size; what comes out was in it, and nothing follows a fault."""
    messages: list[bytes] = []
    at = 0
    while at < len(data):
        size = random.choice((1, 2, 7, 100, 70_000))
        faulty = bool(channel.fault)
        got = channel.receive(data[at : at + size])
        assert not (faulty and got)
        messages += got
        channel.take_output()
        channel.wrap(MESSAGE)
        at += size
    assert sum(map(len, messages)) <= len(data) + 50 and all(messages)


def check_handshake(data: bytes, random: Random) -> None:
    channel = server_channel(LIMITS, ["https://a"] if random.random() < 0.5 else ())
    fed(channel, data, random)
    fed(client_channel(LIMITS, "a", 1, secure=False), data, random)


def check_frames(data: bytes, random: Random) -> None:
    channel = server_channel(LIMITS, ())
    channel.receive(ASK)
    assert channel.opened
    fed(channel, data, random)


def check_keep_alives(data: bytes, random: Random) -> None:
    channel = StreamChannel(LIMITS)
    if random.random() < 0.5:
        channel.ping()
    fed(channel, data, random)


def check_hosts(data: bytes, random: Random) -> None:
    for name, addresses in _parse(data.decode("latin-1")).items():
        assert name and addresses


def check_certificate(data: bytes, random: Random) -> None:
    text = data.decode("latin-1")
    for kind in ("DNS", "URI", "IP Address"):
        proves({"subjectAltName": ((kind, text),)}, text)
        proves({"subjectAltName": ((kind, text),)}, "sip.example.com")


TARGETS = (
    Target("websocket_handshake", (ASK, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), check_handshake),
    Target("websocket_frames", FRAMES, check_frames),
    Target("keep_alives", (MESSAGE, b"\r\n", b"\r\n\r\n" + MESSAGE), check_keep_alives),
    Target("hosts", (b"127.0.0.1 localhost\n::1 a b # c\n",), check_hosts),
    Target("certificate", (b"sip:a.example", b"*.a.example", b"192.0.2.1", b"::1"), check_certificate),
)

"""How SIP messages lie on a connection's bytes: bare on TCP and TLS, in frames on WebSockets.

::

    connection ── bytes ──▶ Channel ── messages ──▶ upper
    connection ◀── take_output(): handshake, pongs ── Channel
    connection ◀── wrap(message), ping() ──────────── Channel

No channel does I/O; each is good for one connection.
"""

from typing import Protocol

from config.schema import SipLimits
from edge.sip.stream import PING, PONG, Framer


class Channel(Protocol):
    opened: bool
    "Messages may be sent; before, `receive` and `take_output` carry a handshake."
    signs: int
    "Keep-alives of the peer so far, pings and pongs."
    must_pong: bool
    "The peer has to answer a `ping`, by its protocol or because it did so before."
    orderly: bool
    "The `fault`, if there is one, is an end that a decent peer may bring about: nobody is to blame."

    @property
    def fault(self) -> str:
        """Why the connection must be closed once the messages in hand are served; empty: all is well."""

    def receive(self, data: bytes) -> list[bytes]:
        """Messages completed by `data`, oldest first. After a `fault` nothing more is taken."""

    def take_output(self) -> bytes:
        """What is to be sent at once, of the channel's own."""

    def wrap(self, message: bytes) -> bytes:
        """`message` as it goes on the wire."""

    def ping(self) -> bytes:
        """A keep-alive that the peer may answer."""


class StreamChannel:
    """Messages one after another (RFC 3261 §18.3), CRLFs between them (RFC 5626 §3.5.1)."""

    def __init__(self, limits: SipLimits) -> None:
        self.opened = True
        self.signs = 0
        self.must_pong = False
        self.orderly = False
        self._framer = Framer(limits)
        self._pings = 0
        self._awaiting = False

    @property
    def fault(self) -> str:
        return self._framer.fault

    def receive(self, data: bytes) -> list[bytes]:
        if self._awaiting and data[:2] == PONG and data[:4] != PING and self._framer.between_messages:
            self._awaiting = False
            self.must_pong = True
            self.signs += 1
            data = data[2:]
        messages = self._framer.receive(data)
        if pings := self._framer.take_pongs():
            self._pings += pings
            self.signs += pings
        return messages

    def take_output(self) -> bytes:
        pings, self._pings = self._pings, 0
        return PONG * pings

    def wrap(self, message: bytes) -> bytes:
        return message

    def ping(self) -> bytes:
        self._awaiting = True
        return PING

"""A flow: the path on which a message came or leaves (RFC 5626 §2, RFC 3261 §18)."""

from dataclasses import field
from typing import TypeAlias

from config.value import Enumeration, dataclass


class Transport(Enumeration):
    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    WS = "WS"
    WSS = "WSS"


@dataclass(frozen=True, slots=True)
class Flow:
    """Hashable; equal values are the same path.

    To send on a `Flow` means: over that connection if it is alive, else (`connection` 0, or gone)
    over a new one to `remote`.
    """

    transport: Transport
    remote: tuple[str, int]
    listener: int = 0
    "Which of our listeners, an index."
    connection: int = 0
    "Number of the stream connection, 0 for UDP or not connected yet."
    name: str = ""
    "Whom the far end of a TLS connection that we dial must prove to be; empty: its address. Not in `str`."
    listens: int = field(default=0, compare=False)
    "Port that the peer says it accepts connections on, for responses whose connection is gone. Not in `str`."

    @property
    def reliable(self) -> bool:
        return self.transport is not Transport.UDP

    @property
    def is_web(self) -> bool:
        """Whoever speaks SIP over a WebSocket is a browser, as long as nothing says otherwise (RFC 7118)."""
        return self.transport in (Transport.WS, Transport.WSS)

    def __str__(self) -> str:
        """`udp:192.0.2.1:5060/0/0`, the form that a binding keeps."""
        host, port = self.remote
        return f"{self.transport.value.lower()}:{host}:{port}/{self.listener}/{self.connection}"

    @classmethod
    def parse(cls, text: str) -> "Flow":
        """Raises `ValueError` for what `str` did not make."""
        where, listener, connection = text.rsplit("/", 2)
        transport, _, address = where.partition(":")
        host, _, port = address.rpartition(":")
        return cls(Transport(transport.upper()), (host, int(port)), int(listener), int(connection))


Received: TypeAlias = tuple[bytes, Flow]
"A message as it came, and the way by which it came."

"""What the sockets tell the SIP core, which lies above them."""

from collections.abc import Sequence
from typing import Protocol

from edge.sip.flow import Flow, Received


class Upper(Protocol):
    """Never called from inside a `send`. Its methods must not raise: `Driver.do` never does."""

    def receive(self, batch: Sequence[Received], now: float) -> None:
        """What was read together: datagrams, or framed pieces of a stream. `now` is monotonic [s]."""

    def unreachable(self, flow: Flow, now: float) -> None:
        """Something sent on `flow` could not be delivered (RFC 3261 §18.4)."""

    def closed(self, flow: Flow) -> None:
        """The stream connection of `flow` is gone; a later `send` dials anew."""

    def needs(self, flow: Flow) -> bool:
        """Whether an idle connection must stay: a phone is registered by it, or a call lives on it."""

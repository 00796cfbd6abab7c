"""The caller's side of a call that nobody has made: it hears nothing, and there is nothing to tell it.

`edge.call.originate` begins such calls; the first who answers takes the place by `Call.take_over`.
"""

from dataclasses import dataclass
from typing import Final

from edge.sip.flow import Flow, Transport
from edge.sip.session import Headers

_NOWHERE: Final = Flow(Transport.UDP, ("127.0.0.1", 5060))


@dataclass(slots=True, eq=False)
class NoCaller:
    """What a call asks of an `edge.sip.answering.AnsweringSession`."""

    call_id: str = ""
    "The SIP Call-ID of who has taken the place."
    flow: Flow = _NOWHERE
    "Of a leg that is never given a port."
    invite: None = None
    offer: bytes = b""
    max_forwards: int | None = None
    needs_prack: bool = False

    def progress(self, status: int, body: bytes, now: float) -> None:
        """Nobody waits for it."""

    def accept(self, body: bytes, now: float) -> None:
        """Who is there has been answered already."""

    def reject(self, status: int, now: float, headers: Headers = ()) -> None:
        """Whoever rings is told by the treatment."""

    def bye(self, now: float, reason: str = "") -> None:
        """Likewise."""

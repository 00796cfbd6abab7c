"""Requests that are too large for a datagram go by TCP (RFC 3261 §18.1.1), also those that grow in a session.

What grows them: credentials that somebody asks for, a new offer, a route set. Where nobody takes the
connection they go again by UDP, in fragments, and so does what follows there, in this call and in others. A
registered phone is reached on its own path alone, whatever the size.
"""

from collections.abc import Callable
from typing import Final

from edge.sip.effect import ClientKey
from edge.sip.flow import Flow
from edge.sip.message import Request

LARGE: Final = 1_300
"A longer request does not leave by UDP if it need not [bytes]."
_VIA: Final = 150  # ours, which is added last [bytes]


class Large:
    """The way of one session's large requests."""

    def __init__(
        self, by_tcp: Callable[[Flow, float], Flow | None], given_up: Callable[[Flow, float], None]
    ) -> None:
        """
        Args:
            by_tcp: to the peer of a flow by UDP, at this time; None: nobody takes connections there.
            given_up: told of one that nobody took, and when.
        """
        self.by_tcp = by_tcp
        self._given_up = given_up
        self._sent: dict[ClientKey, Flow] = {}

    def way(self, request: Request, flow: Flow, now: float) -> Flow | None:
        """In place of `flow`; None: by that."""
        if flow.reliable or len(request.wire()) + _VIA <= LARGE:
            return None
        return self.by_tcp(flow, now)

    def sent(self, key: ClientKey, by_tcp: Flow) -> None:
        self._sent[key] = by_tcp

    def goes_again(self, key: ClientKey, now: float) -> bool:
        """Whether what could not be delivered was sent by TCP, and is to be sent by UDP."""
        by_tcp = self._sent.pop(key, None)
        if by_tcp is None:
            return False
        self._given_up(by_tcp, now)
        return True

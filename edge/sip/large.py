"""Requests that are too large for a datagram go by TCP (RFC 3261 §18.1.1), also those that grow in a session.

What grows them: credentials that somebody asks for, a new offer, a route set. Where nobody takes the
connection they go again by UDP, in fragments, and so does what follows. A registered phone is reached on its
own path alone, whatever the size.
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

    def __init__(self, by_tcp: Flow, given_up: Callable[[float], None]) -> None:
        """
        Args:
            by_tcp: to the same peer.
            given_up: told at what time nobody took the connection.
        """
        self._by_tcp: Flow | None = by_tcp
        self._given_up = given_up
        self._sent: set[ClientKey] = set()

    def way(self, request: Request) -> Flow | None:
        """None: by UDP."""
        if self._by_tcp is None or len(request.wire()) + _VIA <= LARGE:
            return None
        return self._by_tcp

    def sent(self, key: ClientKey) -> None:
        self._sent.add(key)

    def goes_again(self, key: ClientKey, now: float) -> bool:
        """Whether what could not be delivered was sent by TCP, and is to be sent by UDP."""
        if key not in self._sent:
            return False
        if self._by_tcp is not None:
            self._by_tcp = None
            self._given_up(now)
        return True

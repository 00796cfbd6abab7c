"""Requests of ours outside of calls, each with who waits for its final answer: OPTIONS, REGISTER, MESSAGE."""

from collections.abc import Callable
from typing import TypeAlias

from edge.sip.effect import ClientKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.transaction.layer import TransactionLayer

Outcome: TypeAlias = Callable[[Response | None, float], None]
"(final response or None, now): None when nobody answered or nobody could be reached."


class Requests:
    """Bounded by the client transactions, which all end by themselves."""

    def __init__(self, layer: TransactionLayer) -> None:
        self._layer = layer
        self._waiting: dict[ClientKey, Outcome] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def send(self, request: Request, flow: Flow, then: Outcome, now: float) -> None:
        self._waiting[self._layer.request(request, flow, now)] = then

    def answered(self, key: ClientKey, response: Response, now: float) -> bool:
        """Whether it was one of these."""
        if key not in self._waiting:
            return False
        if response.status >= 200:
            self._waiting.pop(key)(response, now)
        return True

    def failed(self, key: ClientKey, now: float) -> bool:
        then = self._waiting.pop(key, None)
        if then is not None:
            then(None, now)
        return then is not None

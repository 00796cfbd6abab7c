"""Servers that lately could not serve: asked last until they have rested (RFC 3263 §4.3, RFC 3261 §21.5.4).

Without it every call of a trunk whose first server is down would wait for that server again.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from config.schema import SipLimits
from edge.sip.flow import Flow

LONGEST: Final = 300.0
"Whatever a server's Retry-After asks for [s]."

Item = TypeVar("Item")


class Outages:
    def __init__(self, limits: SipLimits) -> None:
        self._limits = limits
        self._until: dict[Flow, float] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._until)

    def note(self, flow: Flow, now: float, seconds: float | None = None) -> None:
        """Args: seconds: as the server asked for; None: the usual rest."""
        rest = self._limits.server_rest if seconds is None else min(seconds, LONGEST)
        self._until.pop(flow, None)
        while len(self._until) >= self._limits.servers_resting:
            del self._until[next(iter(self._until))]
        self._until[flow] = now + rest

    def over(self, flow: Flow) -> None:
        """It serves."""
        self._until.pop(flow, None)

    def resting(self, flow: Flow, now: float) -> bool:
        until = self._until.get(flow)
        if until is None:
            return False
        if until <= now:
            del self._until[flow]
            return False
        return True

    def last(self, items: Iterable[Item], flow: Callable[[Item], Flow], now: float) -> list[Item]:
        """The same in their order, but those that rest at the end."""
        return sorted(items, key=lambda item: self.resting(flow(item), now))

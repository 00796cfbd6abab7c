"""Stands in for the SIP core above the sockets: writes down what it is told, and can wait for it."""

import asyncio
from collections.abc import Sequence

from edge.sip.flow import Flow, Received


class RecordingUpper:
    def __init__(self) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.batches: list[int] = []
        "How many were handed up at once."
        self.failed: list[Flow] = []
        self.gone: list[Flow] = []
        self.needed: set[Flow] = set()
        self._changed = asyncio.Event()

    def receive(self, batch: Sequence[Received], now: float) -> None:
        self.received.extend(batch)
        self.batches.append(len(batch))
        self._changed.set()

    def unreachable(self, flow: Flow, now: float) -> None:
        self.failed.append(flow)
        self._changed.set()

    def closed(self, flow: Flow) -> None:
        self.gone.append(flow)
        self._changed.set()

    def needs(self, flow: Flow) -> bool:
        return flow in self.needed

    async def until(self, *, received: int = 0, failed: int = 0, gone: int = 0) -> None:
        """Returns once that many of each have been told; fails after 60 s."""
        async with asyncio.timeout(60):
            while len(self.received) < received or len(self.failed) < failed or len(self.gone) < gone:
                self._changed.clear()
                await self._changed.wait()

"""A wire between two ends that loses, doubles, delays and so reorders: seeded, on the hand-turned clock."""

from collections.abc import Callable
from random import Random

from tests.support.clock import HandClock


class LossyWire:
    """Args: delay: shortest and longest time on the way [s]; wider than T1 also reorders retransmissions."""

    def __init__(
        self,
        clock: HandClock,
        seed: int,
        *,
        loss: float = 0.0,
        duplication: float = 0.0,
        delay: tuple[float, float] = (0.01, 0.01),
    ) -> None:
        self._clock = clock
        self._random = Random(seed)
        self._loss = loss
        self._duplication = duplication
        self._delay = delay
        self.carried = 0
        self.lost = 0

    def carry(self, data: bytes, deliver: Callable[[bytes], object], end: object = None) -> None:
        """Args: end: of the wire that is not the server's; for wires that lose what they are told to."""
        copies = 2 if self._random.random() < self._duplication else 1
        for _ in range(copies):
            if self._random.random() < self._loss:
                self.lost += 1
                continue
            self.carried += 1
            at = self._clock.time() + self._random.uniform(*self._delay)
            self._clock.call_at(at, lambda: deliver(data))

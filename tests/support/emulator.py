"""A path through a network, seeded: loss at random or in bursts, jitter, reordering, copies.

Loss in bursts is Gilbert and Elliott's: a good state that loses nothing and a bad one that loses all.
"""

import random
from dataclasses import dataclass, field


@dataclass
class Path:
    loss: float = 0.0
    "Share of packets, 0 to 1, in the long run."
    burst: float = 1.0
    "Mean number of packets lost in a row; 1: each is lost by itself."
    jitter: float = 0.0
    "Each packet is late by up to so much, evenly spread [s]."
    reorders: bool = True
    "Packets may overtake each other; else a late one holds up those behind it."
    copies: float = 0.0
    "Share of packets that come twice."
    seed: int = 1
    sent: int = field(default=0, init=False)
    lost: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._bad = False
        self._last = 0.0

    def carry(self, now: float) -> list[float]:
        """When a packet that leaves now arrives [s]: never, once or twice."""
        self.sent += 1
        if self._loses():
            self.lost += 1
            return []
        due = now + self._random.random() * self.jitter
        if not self.reorders:
            due = self._last = max(due, self._last)
        return [due, due] if self._random.random() < self.copies else [due]

    def _loses(self) -> bool:
        if self.burst <= 1.0 or not self.loss:
            return self._random.random() < self.loss
        leave = 1 / self.burst
        enter = self.loss * leave / (1 - self.loss)
        self._bad = self._random.random() < (1 - leave if self._bad else enter)
        return self._bad

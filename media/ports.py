"""The pool of RTP port pairs: even for RTP, the odd one above for RTCP (RFC 3550 §11).

Pairs are handed out from the low end, and a pair given back goes to the far end of the
queue: late packets of a finished call find a closed port, not the next call.
"""

from collections import deque
from collections.abc import Generator


class PortPool:
    def __init__(self, low: int, high: int) -> None:
        """Args: low, high: first and last port, inclusive."""
        self._free = deque(range(low + (low & 1), high, 2))

    def __len__(self) -> int:
        return len(self._free)

    def candidates(self) -> Generator[int, None, None]:
        """Every free even port once, each taken out of the pool while it is tried.

        The consumer stops at the one that it keeps; those before it, busy elsewhere, return
        to the far end.
        """
        for _ in range(len(self._free)):
            port = self._free.popleft()
            kept = False
            try:
                yield port
            except GeneratorExit:
                kept = True
                raise
            finally:
                if not kept:
                    self._free.append(port)

    def give_back(self, port: int) -> None:
        self._free.append(port)

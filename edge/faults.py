"""Errors of ours while many messages are served in a row: each costs one of them."""

from collections.abc import Callable


class Faults:
    def __init__(self) -> None:
        self._held: list[Exception] = []

    def spare(self, act: Callable[..., object], *what: object) -> None:
        """Do `act(*what)`; if it raises, all others are served before that is told."""
        try:
            act(*what)
        except Exception as fault:
            self._held.append(fault)

    def tell(self) -> None:
        """All are served. Raises what one of them raised, or `ExceptionGroup` of what several did."""
        if self._held:
            held = self._held[:]
            self._held.clear()
            raise held[0] if len(held) == 1 else ExceptionGroup("of messages that were served together", held)

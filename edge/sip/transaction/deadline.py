"""When the layer must next be woken: asked after every message, so it is kept and not searched for."""

from typing import Final

NEVER: Final = float("inf")


class Deadline:
    """Shared by everything in a layer that waits. It may be too early, but is never too late."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = NEVER
        "The moment [s], or `NEVER`."

    def lower(self, at: float) -> None:
        """Something is due at `at` [s]."""
        if at < self.at:
            self.at = at

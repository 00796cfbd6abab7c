"""What happened a moment ago, in a table that forgets by itself.

Two halves, each for `keep` seconds at most: when the younger is full or old, it becomes the older, and the
older goes. So an entry stays for `keep` to twice that, or less where more comes than there is room for.
"""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values must be true."""

    def __init__(self, keep: float, size: int) -> None:
        """
        Args:
            keep: [s].
            size: entries at most.
        """
        self._keep = keep
        self._half = max(1, size // 2)
        self._young: dict[int, Value] = {}
        self._old: dict[int, Value] = {}
        self._until = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def put(self, key: int, value: Value, now: float) -> None:
        if len(self._young) >= self._half:
            self._turn(now)
        elif now >= self._until:
            self._forget(now)
        self._young[key] = value

    def get(self, key: int, now: float) -> Value | None:
        if now >= self._until:
            self._forget(now)
        return self._young.get(key) or self._old.get(key)

    def pop(self, key: int) -> Value | None:
        return self._young.pop(key, None) or self._old.pop(key, None)

    def _forget(self, now: float) -> None:
        if now >= self._until + self._keep:
            self._young = {}
        self._turn(now)

    def _turn(self, now: float) -> None:
        self._old, self._young = self._young, {}
        self._until = now + self._keep

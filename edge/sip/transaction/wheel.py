"""Timing wheel: what finished transactions leave behind until it may be forgotten.

Everything in one wheel lives equally long, so buckets are made, filled and emptied in the order
of time, and a bucket is dropped whole, up to its width after its first key was due.

Keys are `str` and buckets are dicts from key to None: with `bytes`, `str` or None as values,
CPython's collector does not track any of it, and a full collection does not walk over the
hundreds of thousands of keys that a busy registrar keeps for 32 s.
"""

from collections import deque
from typing import Final, Generic, TypeVar

V = TypeVar("V")

WIDTH: Final = 0.25
"Of a bucket [s]."


class Wheel(Generic[V]):
    """A dict whose entries vanish `life` seconds after `put`, by `expire`.

    At `limit` entries the oldest one makes room.
    """

    __slots__ = ("_buckets", "_current", "_life", "_limit", "_table", "_until", "get")

    def __init__(self, life: float, limit: int) -> None:
        self._life = life
        self._limit = limit
        self._table: dict[str, V] = {}
        self._buckets: deque[tuple[float, dict[str, None]]] = deque()
        self._current: dict[str, None] = {}
        self._until = float("-inf")  # of what is put before this moment, `_current` is the bucket
        self.get = self._table.get

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def put(self, key: str, value: V, now: float) -> None:
        """Keep `value` until `now` + life; a `key` that is there keeps its deadline."""
        if key not in self._table:
            if len(self._table) >= self._limit:
                self._make_room()
            if now >= self._until:
                self._until = now + WIDTH
                self._current = {}
                self._buckets.append((self._until + self._life, self._current))
            self._current[key] = None
        self._table[key] = value

    def pop(self, key: str) -> V | None:
        # The bucket keeps the key, and forgets it when its time comes.
        return self._table.pop(key, None)

    def expire(self, now: float) -> None:
        """Forget what is due at `now` [s]."""
        buckets = self._buckets
        while buckets and buckets[0][0] <= now:
            bucket = buckets.popleft()[1]
            for key in bucket:
                self._table.pop(key, None)
            bucket.clear()

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        return self._buckets[0][0] if self._buckets else None

    def _make_room(self) -> None:
        while self._buckets:
            bucket = self._buckets[0][1]
            while bucket:
                if self._table.pop(bucket.popitem()[0], None) is not None:
                    return
            self._buckets.popleft()
        self._until = float("-inf")

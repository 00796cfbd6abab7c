"""Timing wheel: what finished transactions leave behind until it may be forgotten.

Everything in one wheel lives equally long, so buckets are made, filled and emptied in the order
of time, and a bucket is dropped whole, up to its width after its first key was due.

Two things keep it from stopping the audio at some 200,000 entries, a busy registrar's 32 s. Keys are
`str` and buckets are dicts from key to None: with `bytes`, `str` or `bool` as values, CPython's
collector does not track any of it, and a full collection does not walk over it. And the table is
split into shards, because a dict grows by copying itself: 13 ms for one of that size.
"""

from collections import deque
from typing import Final, Generic, TypeVar

from edge.sip.transaction.deadline import Deadline

V = TypeVar("V")

WIDTH: Final = 0.25
"Of a bucket [s]."
_SHARDS: Final = 16
_MASK: Final = _SHARDS - 1


class Wheel(Generic[V]):
    """A dict whose entries vanish `life` seconds after `put`, by `expire`.

    At `limit` entries the oldest one makes room. `None` is no value.
    """

    __slots__ = ("_buckets", "_count", "_current", "_deadline", "_life", "_limit", "_shards", "_until")

    def __init__(self, life: float, limit: int, deadline: Deadline) -> None:
        self._deadline = deadline
        self._life = life
        self._limit = limit
        self._count = 0
        self._shards: list[dict[str, V]] = [{} for _ in range(_SHARDS)]
        self._buckets: deque[tuple[float, dict[str, None]]] = deque()
        self._current: dict[str, None] = {}
        self._until = float("-inf")  # of what is put before this moment, `_current` is the bucket

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        return key in self._shards[hash(key) & _MASK]

    def get(self, key: str) -> V | None:
        return self._shards[hash(key) & _MASK].get(key)

    def put(self, key: str, value: V, now: float) -> None:
        """Keep `value` until `now` + life; a `key` that is there keeps its deadline."""
        shard = self._shards[hash(key) & _MASK]
        if key not in shard:
            if self._count >= self._limit:
                self._make_room()
            if now >= self._until:
                self._until = now + WIDTH
                self._current = {}
                self._buckets.append((self._until + self._life, self._current))
                self._deadline.lower(self._until + self._life)
            self._current[key] = None
            self._count += 1
        shard[key] = value

    def pop(self, key: str) -> V | None:
        """Forget `key` now. Its bucket does so later: until then, put back, it keeps its first deadline."""
        value = self._shards[hash(key) & _MASK].pop(key, None)
        if value is not None:
            self._count -= 1
        return value

    def expire(self, now: float) -> None:
        """Forget what is due at `now` [s]."""
        buckets = self._buckets
        while buckets and buckets[0][0] <= now:
            bucket = buckets.popleft()[1]
            for key in bucket:
                self.pop(key)
            bucket.clear()

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        return self._buckets[0][0] if self._buckets else None

    def _make_room(self) -> None:
        while self._buckets:
            bucket = self._buckets[0][1]
            while bucket:
                if self.pop(bucket.popitem()[0]) is not None:
                    return
            self._buckets.popleft()
        self._until = float("-inf")


class ByteWheel(Wheel[bytes]):
    """A wheel of `bytes` that holds `limit` KiB at most: an average of 1 KiB for each entry.

    What peers pad into the fields that a response copies must not fill the memory.
    """

    __slots__ = ("_held", "_room")

    def __init__(self, life: float, limit: int, deadline: Deadline) -> None:
        super().__init__(life, limit, deadline)
        self._room = 1024 * limit
        self._held = 0

    def put(self, key: str, value: bytes, now: float) -> None:
        self.pop(key)
        while self._held + len(value) > self._room and self._count:
            self._make_room()
        super().put(key, value, now)
        self._held += len(value)

    def pop(self, key: str) -> bytes | None:
        value = super().pop(key)
        if value is not None:
            self._held -= len(value)
        return value

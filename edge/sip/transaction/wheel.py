"""Timing wheel: what finished transactions leave behind until it may be forgotten.

Everything in one wheel lives equally long, so buckets are made, filled and emptied in the order
of time, and a bucket is dropped whole, up to its width after its first key was due.

Three things keep some 200,000 entries, a busy registrar's 32 s, from being felt. Keys are `str`
or `int` and buckets that are full are tuples of them: with `bytes`, `str`, `int` or `bool` as values,
CPython's collector does not track any of it, and a full collection does not walk over it. The table is split
into shards, because a dict grows by copying itself: 13 ms for one of that size. And nothing that lives
long lies on malloc's heap, between what lives for milliseconds, where it would break the free room
into ever smaller pieces and memory would grow for hours: `bytes` are in pages of their own
(`ByteWheel`), and buckets are small enough for CPython's own allocator.
"""

import mmap
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Final, Generic, TypeVar

from edge.sip.transaction.deadline import Deadline

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

WIDTH: Final = 0.25
"Of a bucket [s]."
_KEYS: Final = 48
"Of a bucket at most: its tuple has less than 512 bytes."
PAGE: Final = 1 << 18
"Of what a `ByteWheel` holds [bytes]."
_OFFSET: Final = 18  # bits, of where something begins in a page of `PAGE`
_FIRST: Final = PAGE - 1
_SIZE: Final = 4  # bytes, before each value, that tell its size
_HASH: Final = (1 << 60) - 1
_SHARDS: Final = 16
_MASK: Final = _SHARDS - 1


class Wheel(Generic[K, V]):
    """A dict whose entries vanish `life` seconds after `put`, by `expire`.

    At `limit` entries the oldest one makes room. `None` is no value.
    """

    __slots__ = ("_buckets", "_count", "_current", "_deadline", "_life", "_limit", "_shards", "_until")

    def __init__(self, life: float, limit: int, deadline: Deadline) -> None:
        self._deadline = deadline
        self._life = life
        self._limit = limit
        self._count = 0
        self._shards: list[dict[K, V]] = [{} for _ in range(_SHARDS)]
        self._buckets: deque[tuple[float, Sequence[K]]] = deque()
        self._current: list[K] = []
        self._until = float("-inf")  # of what is put before this moment, `_current` is the bucket

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: K) -> bool:
        return key in self._shards[hash(key) & _MASK]

    def get(self, key: K) -> V | None:
        return self._shards[hash(key) & _MASK].get(key)

    def put(self, key: K, value: V, now: float) -> None:
        """Keep `value` until `now` + life; a `key` that is there keeps its deadline."""
        shard = self._shards[hash(key) & _MASK]
        if key not in shard:
            if self._count >= self._limit:
                self._make_room()
            if now >= self._until or len(self._current) >= _KEYS:
                self._open(now)
            self._current.append(key)
            self._count += 1
        shard[key] = value

    def pop(self, key: K) -> V | None:
        """Forget `key` now. Its bucket does so later: until then, put back, it keeps its first deadline."""
        value = self._shards[hash(key) & _MASK].pop(key, None)
        if value is not None:
            self._count -= 1
        return value

    def expire(self, now: float) -> None:
        """Forget what is due at `now` [s]."""
        buckets = self._buckets
        while buckets and buckets[0][0] <= now:
            for key in buckets.popleft()[1]:
                self.pop(key)

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        return self._buckets[0][0] if self._buckets else None

    def _open(self, now: float) -> None:
        if self._buckets:
            due, keys = self._buckets.pop()
            self._buckets.append((due, tuple(keys)))
        if now >= self._until:
            self._until = now + WIDTH
        self._current = []
        self._buckets.append((self._until + self._life, self._current))
        self._deadline.lower(self._until + self._life)

    def _make_room(self) -> None:
        while self._buckets:
            due, keys = self._buckets[0]
            if not isinstance(keys, list):
                keys = list(keys)
                self._buckets[0] = due, keys
            while keys:
                if self.pop(keys.pop()) is not None:
                    return
            self._buckets.popleft()
        self._until = float("-inf")


class ByteWheel:
    """A wheel of `bytes` that takes `limit` KiB at most: an average of 1 KiB for each entry.

    What peers pad into the fields that a response copies must not fill the memory. Values are copied
    into pages in the order of time; a page goes when the last of it is due, or when it is the oldest
    and there is no more room: its entries are gone then.

    Of a key only its hash is kept, a third of its size: who must be sure compares what is in the value. Two
    of 200,000 keys are taken for one another once in 10**7 times that a table is filled, and nobody can
    choose such keys, whose hashes are salted at the start.
    """

    __slots__ = ("_closed", "_fill", "_first", "_life", "_page", "_pages", "_places", "_room", "held")

    def __init__(self, life: float, limit: int, deadline: Deadline) -> None:
        # By a key's hash where its value is: number of its page and offset.
        self._places: Wheel[int, int] = Wheel(life, limit, deadline)
        self._life = life
        self._room = 1024 * limit
        self._page = min(PAGE, max(1, self._room // 8))
        self.held = 0
        "Size of all pages [bytes]."
        # By number; that of the latest is `_first` + len(_closed).
        self._pages: dict[int, mmap.mmap] = {}
        self._first = 0
        self._fill = 0
        "Of the latest page [bytes]."
        self._closed: deque[float] = deque()
        "When each page but the latest was full [s]."

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def get(self, key: str) -> bytes | None:
        place = self._places.get(hash(key) & _HASH)
        if place is None:
            return None
        page = self._pages.get(place >> _OFFSET)
        if page is None:
            return None
        begin = place & _FIRST
        end = begin + _SIZE
        return page[end : end + int.from_bytes(page[begin:end])]

    def put(self, key: str, value: bytes, now: float) -> None:
        """Keep `value` until `now` + life, or for as long as there is room."""
        size = _SIZE + len(value)
        page = self._pages.get(self._first + len(self._closed))
        if page is None or self._fill + size > len(page):
            page = self._new_page(size, now)
        begin = self._fill
        self._fill = begin + size
        page[begin : self._fill] = len(value).to_bytes(_SIZE) + value
        # Few bits: an `int` of up to 60 is one of the smallest objects.
        place = (self._first + len(self._closed)) << _OFFSET | begin
        self._places.put(hash(key) & _HASH, place, now)

    def pop(self, key: str) -> None:
        """Forget `key` now; its bytes stay in their page, out of reach."""
        self._places.pop(hash(key) & _HASH)

    def expire(self, now: float) -> None:
        """Forget what is due at `now` [s]."""
        self._places.expire(now)
        if not self._places:
            self._first += len(self._closed) + 1
            self._closed.clear()
            self._pages.clear()
            self.held = 0
        while self._closed and self._closed[0] + self._life + WIDTH <= now:
            self._drop_page()

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        return self._places.next_at()

    def _new_page(self, size: int, now: float) -> mmap.mmap:
        page = mmap.mmap(-1, max(self._page, size), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if self._pages:
            self._closed.append(now)
        while self._closed and self.held + len(page) > self._room:
            self._drop_page()
        self.held += len(page)
        self._pages[self._first + len(self._closed)] = page
        self._fill = 0
        return page

    def _drop_page(self) -> None:
        self._closed.popleft()
        self.held -= len(self._pages.pop(self._first))
        self._first += 1

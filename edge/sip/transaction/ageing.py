"""What waits for an answer, and mostly gets it in milliseconds: a dict in the order of time."""

from typing import Generic, TypeVar

from edge.sip.transaction.deadline import Deadline

V = TypeVar("V")


class Ageing(Generic[V]):
    """A dict whose entries vanish `life` seconds after `put`, by `expire`.

    Of an entry that was popped nothing is left, as it is in a `Wheel` until its bucket is due. Here
    `expire` and `next_at` step over the gaps of what was popped: for a table that mostly is all but empty.
    `None` is no value.
    """

    __slots__ = ("_deadline", "_entries", "_life")

    def __init__(self, life: float, deadline: Deadline) -> None:
        self._life = life
        self._deadline = deadline
        # The value and when it is due [s].
        self._entries: dict[str, tuple[V, float]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> V | None:
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: str, value: V, now: float) -> None:
        """Keep `value` until `now` + life; a `key` that is there begins anew."""
        due = now + self._life
        self._entries.pop(key, None)
        self._entries[key] = value, due
        self._deadline.lower(due)

    def pop(self, key: str) -> V | None:
        entry = self._entries.pop(key, None)
        return None if entry is None else entry[0]

    def expire(self, now: float) -> None:
        """Forget what is due at `now` [s]."""
        due = []
        for key, (_, at) in self._entries.items():
            if at > now:
                break
            due.append(key)
        for key in due:
            del self._entries[key]

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        return next((at for _, at in self._entries.values()), None)

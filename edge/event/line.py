"""Who is in which call: the state that BLF lamps and presence show."""

import enum
from collections.abc import Callable, Sequence

from config.value import dataclass
from edge.directory import User, UserId
from edge.journal import CallId


class Stage(enum.Enum):
    """States of RFC 4235 §3.7.1."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Line:
    """One call of a user."""

    call: CallId
    outgoing: bool
    "The user has dialled."
    stage: Stage
    remote: str
    "Number of the other side; empty: it wants to be private."
    waits: bool = False
    "It rings, and who names it by Replaces has it (RFC 3891 §3)."


class Lines:
    """Bounded by the live calls."""

    def __init__(self, changed: Callable[[User, float], None]) -> None:
        """Args: changed: told of a user whose lines are others now."""
        self._changed = changed
        self._lines: dict[UserId, dict[CallId, Line]] = {}
        self._users: dict[CallId, dict[UserId, User]] = {}

    def __len__(self) -> int:
        """Calls that light a lamp."""
        return len(self._users)

    def of(self, user: UserId) -> Sequence[Line]:
        return tuple(self._lines.get(user, {}).values())

    def put(self, user: User, line: Line, now: float) -> None:
        lines = self._lines.setdefault(user.id, {})
        if lines.get(line.call) != line:
            lines[line.call] = line
            self._users.setdefault(line.call, {})[user.id] = user
            self._changed(user, now)

    def drop(self, user: User, call: CallId, now: float) -> None:
        """The call has left this user."""
        lines = self._lines.get(user.id, {})
        if lines.pop(call, None) is None:
            return
        if not lines:
            del self._lines[user.id]
        users = self._users[call]
        del users[user.id]
        if not users:
            del self._users[call]
        self._changed(user, now)

    def over(self, call: CallId, now: float) -> None:
        """The call has ended."""
        for user in tuple(self._users.get(call, {}).values()):
            self.drop(user, call, now)

"""What people who answer queues say of themselves: available, on a break, gone (S004-40, S004-44…48).

Signing in does not make anybody available; he must say so.
"""

import enum
from dataclasses import dataclass

from edge.directory import AccountId, UserId
from edge.error import Refusal


class Status(enum.StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    ON_BREAK = "on_break"


class AgentEvent(enum.StrEnum):
    LOGIN = "login"
    LOGOUT = "logout"
    AVAILABLE = "available"
    PAUSE = "pause"
    UNPAUSE = "unpause"


@dataclass(frozen=True, slots=True)
class AgentPresence:
    status: Status = Status.OFFLINE
    reason: str = ""
    "Of a break."
    since: int = 0
    "[ms UTC]"


_AFTER = {
    AgentEvent.LOGIN: Status.ON_BREAK,
    AgentEvent.LOGOUT: Status.OFFLINE,
    AgentEvent.AVAILABLE: Status.AVAILABLE,
    AgentEvent.PAUSE: Status.ON_BREAK,
    AgentEvent.UNPAUSE: Status.AVAILABLE,
}
_NOBODY = AgentPresence()


class AgentPresences:
    """Memory is bounded by the users that there are: only theirs are told here."""

    def __init__(self) -> None:
        self._of: dict[tuple[AccountId, UserId], AgentPresence] = {}

    def of(self, account: AccountId, user: UserId) -> AgentPresence:
        return self._of.get((account, user), _NOBODY)

    def told(
        self, account: AccountId, user: UserId, event: AgentEvent, reason: str, wall: int
    ) -> AgentPresence | Refusal:
        """The presence from now on; telling the same again changes nothing. `wall` is [ms UTC]."""
        before = self.of(account, user)
        if before.status is Status.OFFLINE and event not in (AgentEvent.LOGIN, AgentEvent.LOGOUT):
            text = f"who is offline cannot send {event}"
            return Refusal("not_signed_in", 409, text, "send login first")
        status = _AFTER[event]
        if event is AgentEvent.LOGIN and before.status is not Status.OFFLINE:
            return before
        if (status, reason) == (before.status, before.reason):
            return before
        made = AgentPresence(status, reason, wall)
        if status is Status.OFFLINE:
            self._of.pop((account, user), None)
        else:
            self._of[account, user] = made
        return made

"""What the ban engine keeps: who is banned and why, who is allowed, and the `Protocol` that keeps both."""

import enum
from typing import Protocol

from config.value import dataclass


class Rule(enum.StrEnum):
    """Why a source is banned."""

    FAILED_AUTH = "failed_auth"
    ENUMERATION = "enumeration"
    SCANNER = "scanner"
    MALFORMED = "malformed"
    FLOOD = "flood"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class BanRecord:
    """One ban as it is stored, told and listed. Times are ms UTC."""

    network: str
    "`192.0.2.1`, `2001:db8::/64` or another CIDR form."
    rule: str
    "Value of a `Rule`, or another node's word for it."
    count: int
    "Events that led to it, and messages turned away since."
    first_seen: int
    last_seen: int
    expires_at: int
    user_agent: str = ""
    note: str = ""
    "The operator's."
    lifted_at: int | None = None
    "When somebody ended it before its time."


@dataclass(frozen=True, slots=True)
class AllowRecord:
    """An address or network that is exempt from every per-source limit."""

    network: str
    note: str
    created_at: int
    "[ms UTC]"


class Ban:
    """A ban in force."""

    __slots__ = (
        "count",
        "dropped",
        "first_seen",
        "last_seen",
        "network",
        "note",
        "rule",
        "until",
        "user_agent",
    )

    def __init__(
        self,
        network: str,
        rule: str,
        until: float,
        *,
        count: int,
        first_seen: float,
        now: float,
        user_agent: str = "",
        note: str = "",
    ) -> None:
        self.network = network
        self.rule = rule
        self.until = until
        "[s], like the other times, monotonic."
        self.count = count
        self.first_seen = first_seen
        self.last_seen = now
        self.user_agent = user_agent
        self.note = note
        self.dropped = 0
        "Messages and connections turned away."

    def record(self, wall_ms: int, now: float, lifted_at: int | None = None) -> BanRecord:
        """Args: wall_ms: the wall clock at `now`."""

        def at(moment: float) -> int:
            return wall_ms + round((moment - now) * 1000)

        return BanRecord(
            self.network,
            self.rule,
            self.count + self.dropped,
            at(self.first_seen),
            at(self.last_seen),
            at(self.until),
            self.user_agent,
            self.note,
            lifted_at,
        )


class Keeper(Protocol):
    """Who keeps bans and allowed addresses for the next start, and tells people. Nothing here waits."""

    def banned(self, record: BanRecord, ttl: float) -> None:
        """A ban began; `ttl` is how long it lasts [s]."""

    def ended(self, record: BanRecord) -> None:
        """It ran out, or was lifted."""

    def locked(self, source: str, username: str, ttl: float) -> None:
        """A username is locked out at a source where phones are registered."""

    def allowed(self, record: AllowRecord) -> None: ...

    def disallowed(self, network: str) -> None: ...

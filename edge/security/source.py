"""What is remembered of one source of messages, and which one is forgotten when too many came."""

from typing import Final

from edge.security.ban import Ban, Rule
from edge.security.window import Distinct, Tally, Window

_SPARED: Final = 8  # suspicious sources passed over in the search for one to forget


class Source:
    """What is remembered of one source."""

    __slots__ = (
        "ban",
        "exempt",
        "failed",
        "first_seen",
        "flood",
        "key",
        "known_until",
        "names",
        "suspect",
        "windows",
    )

    def __init__(self, key: str, exempt: bool, now: float) -> None:
        self.key = key
        self.exempt = exempt
        self.first_seen = now
        self.known_until = 0.0
        "A phone is registered from here until then [s]."
        self.ban: Ban | None = None
        self.flood: Window | None = None
        self.windows: dict[Rule, Window] = {}
        self.names: Distinct | None = None
        self.failed: Tally | None = None
        "Usernames whose answers were wrong, while phones are registered here."
        self.suspect = False
        "Has done something wrong since it was last passed over."

    def banned(self, now: float) -> bool:
        if self.ban is not None and self.ban.until <= now:
            self.ban = None
        return self.ban is not None

    def forgive(self) -> None:
        self.ban = self.flood = self.names = self.failed = None
        self.windows = {}


def forget_one(sources: dict[str, Source]) -> None:
    """Make room: the oldest goes that has done nothing wrong since it was last looked at.

    So a flood of forged addresses does not wash out what a guesser has done so far.
    """
    for _ in range(_SPARED):
        address, source = next(iter(sources.items()))
        del sources[address]
        if not source.suspect:
            return
        source.suspect = False
        sources[address] = source
    del sources[next(iter(sources))]

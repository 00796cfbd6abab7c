"""Usernames that are locked out at one source: of many phones behind one address one has a wrong password.

::

    wrong answer from a source ─┬─ nobody registered there ─▶ counted for the source: ban
                                └─ phones registered there ─▶ counted for the username there: lock
                                     └ more usernames fail than are registered there: ban

A locked username is refused there unheard, right password or not, and whether anybody has it or not. Only a
phone that is registered there goes on with its right password, another one of that user's: on the flow that
it is registered on, always; from another port of that address, as when it has started anew or its connection
has ended, as long as fewer wrong answers came that way than had led to the lock. A guesser behind the same
address gains no more by it: as many guesses once more, each from a port of its own, and none where the user
has registered no phone. When they are spent, a phone that starts anew waits for the end of the lock.
Usernames are those of one account: `1001@demo.local`. Locks end with the process.
"""

from dataclasses import dataclass, field
from typing import Final

from edge.error import Refusal
from edge.security.network import covers

_TEXT: Final = 128  # of a username; longer ones that begin alike are one


@dataclass(slots=True)
class Lock:
    source: str
    username: str
    since: float
    until: float
    count: int
    "Wrong answers that led to it."
    user_agent: str = ""
    refused: int = 0
    "Turned away since."
    phone_until: float = 0.0
    "Until when a phone of the username has registered there, on whatever connection; 0: none has [s]."
    tried: set[tuple[str, int]] = field(default_factory=set)
    "Ports that gave a wrong answer since, at most `count`: they are heard no more."

    def hears(self, remote: tuple[str, int]) -> bool:
        """Whether a phone that is registered at another port of this address is heard from this one."""
        return len(self.tried) < self.count and remote not in self.tried

    def wrong(self, remote: tuple[str, int]) -> None:
        """It was heard, and its answer was wrong."""
        if len(self.tried) < self.count:
            self.tried.add(remote)

    def refuse(self) -> Refusal:
        self.refused += 1
        text = "too many wrong passwords for this username from this address"
        fix = f"correct the password in the phone, then: tandem bans remove {self.source}"
        return Refusal("username_locked", 403, text, fix)


class Locks:
    def __init__(self, limit: int) -> None:
        """Args: limit: beyond it the oldest lock ends."""
        self._limit = limit
        self._held: dict[tuple[str, str], Lock] = {}  # all last equally long: the oldest ends first

    def put(self, lock: Lock) -> None:
        key = lock.source, shortened(lock.username)
        self._held.pop(key, None)
        self._expire(lock.since)
        if len(self._held) >= self._limit:
            del self._held[next(iter(self._held))]
        self._held[key] = lock

    def find(self, source: str, username: str, now: float) -> Lock | None:
        lock = self._held.get((source, shortened(username))) if self._held else None
        return None if lock is None or lock.until <= now else lock

    def lift(self, network: str) -> bool:
        """End the locks at `network`, an address or more; False: there are none."""
        hit = [key for key in self._held if key[0] == network or ("/" in network and covers(network, key[0]))]
        for key in hit:
            del self._held[key]
        return bool(hit)

    def listed(self, now: float) -> list[Lock]:
        self._expire(now)
        return list(self._held.values())

    # Inside.

    def _expire(self, now: float) -> None:
        held = self._held
        while held and held[oldest := next(iter(held))].until <= now:
            del held[oldest]


def shortened(username: str) -> str:
    return username[:_TEXT]

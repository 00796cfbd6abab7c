"""Ids and tags: `call_<ulid>` and SIP tags, from a clock and a source of randomness handed in (S004-05)."""

from collections.abc import Callable
from typing import TypeAlias

from edge.journal import CallId
from media.port import LegId

Random: TypeAlias = Callable[[int], bytes]
"`n` random bytes, `secrets.token_bytes` in the daemon."

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def ulid(wall_ms: int, random: Random) -> str:
    """26 characters, lower case: 48 bits of time, 80 of chance; sorts by time."""
    value = (wall_ms & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def call_id(wall_ms: int, random: Random) -> CallId:
    return CallId(f"call_{ulid(wall_ms, random)}")


def call_of(leg: LegId) -> CallId:
    """The call that a leg belongs to, by the leg's name."""
    return CallId(leg.partition("/")[0])


def tag(random: Random) -> str:
    """At least 32 random bits (RFC 3261 §19.3); ours has 64."""
    return random(8).hex()

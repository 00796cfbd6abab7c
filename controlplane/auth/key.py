"""API keys: `tdm_<id>_<secret>`, shown once, kept as a SHA-256 digest.

The secret is 256 random bits, so nobody finds it by trying, and a slow hash (argon2, for passwords that
people choose) would only cost every request 50 ms of the loop. The id finds the key, the digest is compared
in constant time, also for an id that is not there.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

PREFIX: Final = "tdm_"
USE_SECONDS: Final = 60.0
"The last use of a key is written at most so often [s]."
_TOKEN: Final = re.compile(r"tdm_([a-z2-7]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    account: str
    "Empty: the platform's."
    name: str
    digest: str
    "SHA-256 of the whole key, in hex."
    scopes: frozenset[str]
    created_at: int
    "[ms UTC], like the other times."
    expires_at: int | None = None
    used_at: int | None = None
    revoked_at: int | None = None
    successor: str = ""
    "Id of the key that replaces this one."

    def holds(self, wall_ms: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or wall_ms < self.expires_at)


def new_token(random: Callable[[int], bytes]) -> tuple[str, str]:
    """Id and token. Args: random: so many bytes of `secrets`."""
    id = base64.b32encode(random(10)).decode().lower()
    secret = base64.urlsafe_b64encode(random(32)).decode().rstrip("=")
    return id, f"{PREFIX}{id}_{secret}"


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class KeyRing:
    """All keys, in memory."""

    def __init__(self, keys: Iterable[ApiKey], wall_ms: Callable[[], int]) -> None:
        self._keys = {key.id: key for key in keys}
        self._wall_ms = wall_ms
        self.used: Callable[[ApiKey], object] = lambda key: None
        "Told of uses, of each key once in a while."

    def __len__(self) -> int:
        return len(self._keys)

    def all(self) -> list[ApiKey]:
        return list(self._keys.values())

    def get(self, id: str) -> ApiKey | None:
        return self._keys.get(id)

    def put(self, *keys: ApiKey) -> None:
        self._keys |= {key.id: key for key in keys}

    def forget(self, id: str) -> None:
        self._keys.pop(id, None)

    def of(self, token: str) -> ApiKey | None:
        """Whose token it is, when the key holds now."""
        match = _TOKEN.fullmatch(token)
        key = None if match is None else self._keys.get(match[1])
        known = hmac.compare_digest(digest_of(token[:256]), "0" * 64 if key is None else key.digest)
        wall = self._wall_ms()
        if key is None or not known or not key.holds(wall):
            return None
        if key.used_at is None or wall - key.used_at >= USE_SECONDS * 1000:
            key = replace(key, used_at=wall)
            self._keys[key.id] = key
            self.used(key)
        return key

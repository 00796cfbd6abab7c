"""Another issuer of users' tokens: whose public keys, when to fetch them again, what it says.

Keys are a JWK set (RFC 7517 §5). Each is good for one algorithm, an asymmetric one: secrets are left out of a
set, and a token that names another algorithm than its key's is not taken (RFC 8725 §3.1, §3.2). Keys are
fetched when they are old, or when a token names one that is not there, but never twice in a short time: who
shows us invented names sends nobody to the issuer. Where it does not answer, the keys of before stay in use.
"""

from collections.abc import Mapping
from typing import Any, Final

import jwt

from config.security import Tokens
from controlplane.auth.token import BAD, Claims, claims_of
from edge.error import Refusal

FRESH: Final = 3_600.0
"Keys are fetched again after this [s]."
PAUSE: Final = 30.0
"Between two fetches at least [s]."
KEYS: Final = 64
"Of one set; the rest is not looked at."
RSA_BITS: Final = 2_048
"Shortest RSA key that is taken (RFC 7518 §3.3)."
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class Issuer:
    def __init__(self, settings: Tokens) -> None:
        self._settings = settings
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def wants_keys(self, key: str, now: float) -> bool:
        """Whether to fetch them before a token by this key is judged."""
        if self._tried_at is not None and now < self._tried_at + PAUSE:
            return False
        return key not in self._keys or self._fetched_at is None or now >= self._fetched_at + FRESH

    def trying(self, now: float) -> None:
        self._tried_at = now

    def take(self, found: object, now: float) -> str:
        """A set as it was fetched, in place of the one before; why it could not be used, else empty."""
        listed = found.get("keys") if isinstance(found, Mapping) else None
        if not isinstance(listed, list):
            return "it is no JWK set"
        keys = dict(pair for one in listed[:KEYS] if (pair := _key(one)) is not None)
        if not keys:
            return "it holds no key for signatures that we take"
        self._keys, self._fetched_at = keys, now
        return ""

    def read(self, token: str, key: str, wall: float) -> Claims | Refusal:
        """Args: key: `kid` of its header; empty: the only key that there is."""
        only = next(iter(self._keys.values())) if not key and len(self._keys) == 1 else None
        public = self._keys.get(key, only)
        if public is None:
            return BAD
        of = self._settings
        found = claims_of(token, public, public.algorithm_name, of.issuer, of.audience, wall, of.leeway)
        if isinstance(found, Refusal):
            return found
        account, user = found.get(of.account_claim), found.get(of.user_claim)
        if not (isinstance(account, str) and isinstance(user, (str, int))):
            return Refusal(
                "bad_token",
                401,
                f"the token names no account by {of.account_claim}, or no user by {of.user_claim}",
                "have its issuer add them, or see security.tokens",
            )
        return Claims(account, str(user), found["iat"])


def _key(one: object) -> tuple[str, jwt.PyJWK] | None:
    if not isinstance(one, dict) or one.get("kty") == "oct" or one.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(one)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    size: Any = getattr(key.key, "key_size", RSA_BITS)
    short = one.get("kty") == "RSA" and size < RSA_BITS
    if key.algorithm_name not in ALGORITHMS or short or hasattr(key.key, "private_numbers"):
        return None
    return str(one.get("kid", "")), key

"""Tokens of users that we sign: JWT (RFC 7519) by HS256, for `/agent` and `/presence/users` (S004-03).

Who signs them is who takes them, so the key is a secret of ours (S001-02), and none of the algorithms of
other issuers is ever tried with it: the key that a token is judged by decides which one (RFC 8725 §3.1).
No token is kept. One counts no longer when its life or its key is over, when all of its user's are ended, and
when a password of the user changes: `cred` is a MAC of what his devices register with.
"""

import hashlib
import hmac
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from config.security import TOKEN_ISSUER
from edge.error import Refusal

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "tandem"
SECRET: Final = 32
"[bytes]"
TOKEN_BYTES: Final = 8_192
"Longest token that is looked at."
BAD: Final = Refusal(
    "bad_token", 401, "the token is invalid, or not signed by an issuer of ours", "sign in again"
)
ENDED: Final = Refusal("token_ended", 401, "the token has been revoked", "sign in again")
_TOO_OLD: Final = Refusal("token_expired", 401, "the token has expired", "sign in again")
_TOO_YOUNG: Final = Refusal("token_not_yet", 401, "the token is not valid yet", "synchronize the clocks")
_OPTIONS: Final[Any] = {
    "verify_exp": False,  # times are judged by our clock, below
    "verify_nbf": False,
    "verify_iat": False,
    "require": ["exp", "iat"],
}


@dataclass(frozen=True, slots=True)
class TokenKey:
    id: str
    created_at: int
    "[ms UTC]"
    ends_at: int | None
    "[ms UTC]; None: it is the one that signs."
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    account: str
    user: str
    "Id; with another issuer, number or username too."
    issued_at: int
    "[s UTC]"
    credential: str = ""
    "Empty: another issuer's."


def key_id_of(token: str) -> str | None:
    """`kid`, by which the key is found; empty where there is none. None: it is no token."""
    if len(token) > TOKEN_BYTES:
        return None
    try:
        found = jwt.get_unverified_header(token).get("kid", "")
    # A header of brackets alone is too deep for the decoder.
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def claims_of(
    token: str, key: Any, algorithm: str, issuer: str, audience: str, wall: float, leeway: float
) -> Mapping[str, Any] | Refusal:
    """The claims, once signature, issuer, audience and times are right. Args: wall, leeway: [s UTC], [s]."""
    try:
        found = jwt.decode(
            token, key, algorithms=[algorithm], issuer=issuer, audience=audience, options=_OPTIONS
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return BAD
    times = [found.get(name, found["iat"]) for name in ("exp", "iat", "nbf")]
    if not all(type(time) in (int, float) and math.isfinite(time) for time in times):
        return BAD
    expires, issued, not_before = times
    if wall >= expires + leeway:
        return _TOO_OLD
    if max(issued, not_before) > wall + leeway:
        return _TOO_YOUNG
    return found


class TokenRing:
    """The keys that we sign by, and whose tokens were ended, in memory."""

    def __init__(self, keys: Iterable[TokenKey], cutoffs: Mapping[tuple[str, str], int]) -> None:
        """Args: cutoffs: (account, user's id) → tokens of before count no more [s UTC]."""
        self._keys = {key.id: key for key in keys}
        self._cutoffs = dict(cutoffs)

    def all(self) -> list[TokenKey]:
        return list(self._keys.values())

    def signing(self) -> TokenKey | None:
        return next((key for key in self._keys.values() if key.ends_at is None), None)

    def put(self, keys: Iterable[TokenKey]) -> None:
        """In place of all that there are."""
        self._keys = {key.id: key for key in keys}

    def knows(self, key: str) -> bool:
        return key in self._keys

    def cut(self, account: str, user: str, before: int) -> None:
        self._cutoffs[account, user] = before

    def counts(self, account: str, user: str, issued_at: float) -> bool:
        """Whether a token of then was not ended since."""
        return issued_at >= self._cutoffs.get((account, user), 0)

    def issue(
        self, key: TokenKey, account: str, user: str, credentials: Iterable[str], wall: int, seconds: int
    ) -> str:
        """A token for `seconds` from `wall` on [s UTC]. Args: credentials: what his devices register with."""
        issued = max(wall, self._cutoffs.get((account, user), 0))
        claims = {
            "iss": TOKEN_ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "account_id": account,
            "iat": issued,
            "exp": wall + seconds,
            "cred": _credential(key, credentials),
        }
        return jwt.encode(claims, key.secret, ALGORITHM, headers={"kid": key.id})

    def read(self, token: str, key: str, wall: float, leeway: float) -> Claims | Refusal:
        """Args: key: its id, one that we know."""
        signed = self._keys[key]
        if signed.ends_at is not None and wall * 1000 >= signed.ends_at:
            return BAD
        found = claims_of(token, signed.secret, ALGORITHM, TOKEN_ISSUER, AUDIENCE, wall, leeway)
        if isinstance(found, Refusal):
            return found
        return Claims(found["account_id"], found["sub"], found["iat"], found["cred"])

    def fits(self, claims: Claims, key: str, credentials: Iterable[str]) -> bool:
        """Whether the user still registers with what he did when the token was made."""
        return hmac.compare_digest(claims.credential, _credential(self._keys[key], credentials))


def _credential(key: TokenKey, credentials: Iterable[str]) -> str:
    told = "\n".join(sorted(credentials)).encode()
    return hmac.digest(key.secret, told, hashlib.sha256).hex()[:32]

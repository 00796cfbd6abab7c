"""Tokens that we sign: what is taken, and the ways of old to get one taken that is none (RFC 8725)."""

import base64
import json
from typing import Any

import jwt
import pytest

from controlplane.auth.token import TOKEN_BYTES, Claims, TokenKey, TokenRing, key_id_of
from edge.error import Refusal

KEY = TokenKey("k1", 0, None, b"s" * 32)
WALL = 1_000
GOOD = {
    "iss": "tandem",
    "aud": "tandem",
    "sub": "us_1",
    "account_id": "acc",
    "iat": WALL,
    "exp": WALL + 60,
    "cred": "c",
}


def ring(*more: TokenKey) -> TokenRing:
    return TokenRing([KEY, *more], {})


def read(token: str, wall: float = WALL, keys: TokenRing | None = None) -> Claims | str:
    found = (keys or ring()).read(token, "k1", wall, leeway=30)
    return found.code if isinstance(found, Refusal) else found


def signed(secret: bytes = KEY.secret, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm, headers={"kid": "k1"})


def raw(header: object, claims: object, signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    return b".".join([*parts, signature.encode()]).decode()


def test_what_is_issued_is_read() -> None:  # S001-02 S004-03
    keys = ring()
    token = keys.issue(KEY, "acc", "us_1", ["alice x"], WALL, 60)
    assert key_id_of(token) == "k1"
    found = read(token, keys=keys)
    assert isinstance(found, Claims) and (found.account, found.user, found.issued_at) == ("acc", "us_1", WALL)
    assert keys.fits(found, "k1", ["alice x"]) and not keys.fits(found, "k1", ["alice y"])
    assert KEY.secret.hex() not in repr(KEY) and "ssss" not in repr(KEY)


def test_a_token_counts_as_long_as_clocks_may_differ() -> None:
    token = signed()
    assert isinstance(read(token, WALL + 89.9), Claims)
    assert read(token, WALL + 90) == "token_expired"
    assert isinstance(read(token, WALL - 30), Claims)
    assert read(token, WALL - 31) == "token_not_yet"
    assert read(signed(nbf=WALL + 40)) == "token_not_yet"


@pytest.mark.parametrize(
    "token",
    [
        raw({"alg": "none", "kid": "k1"}, GOOD),
        raw({"alg": "None", "kid": "k1"}, GOOD, "x"),
        raw({"alg": "HS256", "kid": "k1"}, GOOD),
        raw({"alg": "RS256", "kid": "k1"}, GOOD, "eA"),
        raw({"kid": "k1"}, GOOD, "eA"),
        raw({"alg": "HS256", "kid": "k1", "crit": ["x"], "x": 1}, GOOD, "eA"),
        signed(b"t" * 32),
        signed(algorithm="HS512", secret=b"s" * 64),
        signed(algorithm="HS384", secret=KEY.secret + b"s" * 16),
        signed(aud="other"),
        signed(aud=None),
        signed(iss="other"),
        signed(iss=None),
        signed(exp=None),
        signed(iat=None),
        signed(exp="soon"),
        signed(exp=True),
        signed(exp=float("inf")),
        signed()[:-2],
        signed() + "x",
        "",
        "a.b.c",
        "." * 300,
        raw({"alg": "HS256", "kid": "k1"}, GOOD).replace(".", "..", 1),
    ],
    ids=lambda token: None,
)
def test_none_of_these_is_taken(token: str) -> None:  # RFC 8725 §2, §3
    assert read(token) == "bad_token"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        base64.urlsafe_b64encode(b"[" * 5_000).decode() + ".e30.x",
        raw({"alg": "HS256", "kid": ["k1"]}, GOOD, "x"),
        raw({"alg": "HS256", "kid": 1}, GOOD, "x"),
        raw([], GOOD, "x"),
        "x" * (TOKEN_BYTES + 1),
        "é.é.é",
    ],
    ids=lambda token: None,
)
def test_what_is_no_token_has_no_key(token: str) -> None:
    assert key_id_of(token) is None


def test_a_key_that_was_replaced_is_good_until_its_end() -> None:
    keys = TokenRing([TokenKey("k1", 0, (WALL + 10) * 1000, KEY.secret)], {})
    assert keys.signing() is None and keys.knows("k1")
    assert isinstance(read(signed(), WALL + 9, keys), Claims)
    assert read(signed(), WALL + 10, keys) == "bad_token"


def test_a_token_given_right_after_all_were_ended_counts() -> None:
    keys = ring()
    before = keys.issue(KEY, "acc", "us_1", [], WALL, 60)
    keys.cut("acc", "us_1", WALL + 1)
    after = keys.issue(KEY, "acc", "us_1", [], WALL, 60)
    verdicts = []
    for token in (before, after):
        found = read(token, keys=keys)
        assert isinstance(found, Claims)
        verdicts.append(keys.counts(found.account, found.user, found.issued_at))
    assert verdicts == [False, True]
    assert keys.counts("acc", "us_2", 0), "others are as they were"

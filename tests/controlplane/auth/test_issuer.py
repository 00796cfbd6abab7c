"""Tokens of another issuer, by its public keys."""

import base64
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.security import Tokens
from controlplane.auth.issuer import FRESH, KEYS, PAUSE, Issuer
from controlplane.auth.token import Claims
from edge.error import Refusal

SETTINGS = Tokens(issuer="https://login.example", audience="desk", jwks="https://login.example/keys")
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65_537, 2_048)
GOOD = {
    "iss": "https://login.example",
    "aud": ["desk", "other"],
    "sub": "1001",
    "account_id": "acc",
    "iat": 1_000,
    "exp": 1_060,
}


def public(algorithm: str, key: Any, kid: str, **more: object) -> dict[str, object]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, **more}


SET = {
    "keys": [
        public("ES256", CURVE, "curve", use="sig"),
        public("EdDSA", EDWARDS, "edwards"),
        public("RS256", RSA, "rsa", alg="RS256"),
    ]
}


def issuer(found: object = SET) -> Issuer:
    made = Issuer(SETTINGS)
    assert made.take(found, 0.0) == ""
    return made


def read(token: str, kid: str, found: object = SET) -> Claims | str:
    verdict = issuer(found).read(token, kid, 1_000)
    return verdict.code if isinstance(verdict, Refusal) else verdict


def signed(key: Any, algorithm: str, kid: str, **changes: object) -> str:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [(CURVE, "ES256", "curve"), (EDWARDS, "EdDSA", "edwards"), (RSA, "RS256", "rsa")],
    ids=["ec", "ed25519", "rsa"],
)
def test_its_tokens_are_read(key: Any, algorithm: str, kid: str) -> None:  # S004-03
    assert read(signed(key, algorithm, kid), kid) == Claims("acc", "1001", 1_000)


def test_a_token_without_kid_is_by_the_only_key() -> None:
    one = {"keys": SET["keys"][:1]}
    assert isinstance(read(signed(CURVE, "ES256", ""), "", one), Claims)
    assert read(signed(CURVE, "ES256", ""), "") == "bad_token", "with three keys it is nobody's"


def test_a_public_key_is_no_secret() -> None:  # RFC 8725 §2.1
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, claims = (part for part in signed(RSA, "RS256", "rsa").split(".")[:2])
    forged = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=").decode()
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{forged}.{claims}".encode(), pem)
    token = f"{forged}.{claims}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert header != forged and read(token, "rsa") == "bad_token"


@pytest.mark.parametrize(
    ("changes", "key", "algorithm"),
    [
        ({"iss": "https://evil.example"}, RSA, "RS256"),
        ({"aud": "other"}, RSA, "RS256"),
        ({"exp": None}, RSA, "RS256"),
        ({"account_id": None}, RSA, "RS256"),
        ({"account_id": 5}, RSA, "RS256"),
        ({"sub": None}, RSA, "RS256"),
        ({}, RSA, "RS512"),
        ({}, RSA, "PS256"),
        ({}, rsa.generate_private_key(65_537, 2_048), "RS256"),
    ],
    ids=["iss", "aud", "exp", "account", "kind", "user", "rs512", "ps256", "foreign"],
)
def test_others_are_not(changes: dict[str, object], key: Any, algorithm: str) -> None:
    assert read(signed(key, algorithm, "rsa", **changes), "rsa") == "bad_token"


def test_an_expired_one_says_so() -> None:
    assert read(signed(RSA, "RS256", "rsa", exp=900, iat=800), "rsa") == "token_expired"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_secrets_short_keys_and_keys_for_other_uses_are_left_out() -> None:
    secret = {"kty": "oct", "k": base64.urlsafe_b64encode(b"s" * 32).decode(), "kid": "s", "alg": "HS256"}
    short = public("RS256", rsa.generate_private_key(65_537, 1_024), "short")
    other = public("ES256", CURVE, "enc", use="enc")
    private = jwt.get_algorithm_by_name("ES256").to_jwk(CURVE, as_dict=True)
    broken: list[object] = [{"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}, {"kty": "?"}, 5, {}]
    made = Issuer(SETTINGS)
    why = made.take({"keys": [secret, short, other, {**private, "kid": "p"}, *broken]}, 0.0)
    assert why == "it holds no key for signatures that we take"
    for odd in (None, [], {}, {"keys": {}}, {"keys": []}, "x"):
        assert Issuer(SETTINGS).take(odd, 0.0)
    assert made.take({"keys": [secret] * KEYS + SET["keys"]}, 0.0), "so long a set is not looked through"


def test_keys_are_fetched_when_they_are_old_or_one_is_unknown_but_not_often() -> None:
    made = Issuer(SETTINGS)
    assert made.wants_keys("rsa", 0.0)
    made.trying(0.0)
    assert not made.wants_keys("rsa", PAUSE - 1)
    assert made.take(SET, 1.0) == ""
    assert not made.wants_keys("rsa", PAUSE + 1) and made.wants_keys("new", PAUSE + 1)
    made.trying(PAUSE + 1)
    assert not made.wants_keys("invented", 2 * PAUSE)
    assert made.wants_keys("rsa", FRESH + 1.0)
    assert made.take({"keys": []}, FRESH + 2.0)
    assert isinstance(made.read(signed(RSA, "RS256", "rsa"), "rsa", 1_000), Claims), "old keys stay in use"

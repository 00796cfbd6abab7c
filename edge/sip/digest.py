"""Digest authentication, both sides (RFC 3261 §22, RFC 7616, RFC 8760, RFC 2069).

Served: MD5 and SHA-256 with qop=auth, or without qop, as old phones and small libraries answer though
it was offered (RFC 2617 §3.2.2.1). Such an answer has no use count, so it is the last that its nonce is
good for. Declined: the -sess algorithms, auth-int, userhash.
"""

import enum
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final, Protocol
from urllib.parse import unquote as unescape

from config.value import dataclass
from edge.sip.grammar import QUOTED, TOKEN, Malformed, one_line, quote, unquote

_SCHEME = re.compile(r"[ \t]*+[Dd][Ii][Gg][Ee][Ss][Tt][ \t]++")
_FIELD = rf"({TOKEN})[ \t]*+=[ \t]*+({QUOTED}|[^\s,\"]*+)"
_FIELD_FIND = re.compile(_FIELD, re.DOTALL)
# Some phones leave an empty element behind; the count of fields is bounded by that of the header bytes.
_FIELDS = re.compile(rf"(?:[ \t]*+(?:{_FIELD})?[ \t]*+(?:,|\Z))*", re.DOTALL)
# Eight digits by the RFC; some phones leave out the zeros, and what is hashed is what they sent.
_COUNT = re.compile(r"[0-9A-Fa-f]{1,8}")
_LAST_USE: Final = 0xFFFFFFFF  # the highest use count
_DUMMY_HA1: Final = "0" * 32


class Algorithm(enum.Enum):
    MD5 = "MD5"
    SHA256 = "SHA-256"

    @property
    def key(self) -> str:
        """Its name in the configuration and in `Device.ha1`: `md5`, `sha-256`."""
        return self.value.lower()


_ALGORITHMS: Final = {"": Algorithm.MD5} | {algorithm.value: algorithm for algorithm in Algorithm}


class Verdict(enum.Enum):
    OK = "the answer is right"
    BAD = "wrong password, or no such user"
    STALE = "right, but the nonce is old or not ours: challenge again with stale=true"
    REPLAY = "right, but this use count was seen before: challenge again with stale=true"
    MALFORMED = "not something that we offered: another algorithm or qop, no proper count"


@dataclass(frozen=True, slots=True)
class Challenge:
    """WWW-Authenticate or Proxy-Authenticate."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    "As named by the server, upper case; it may be one that we do not speak."
    qop: tuple[str, ...] = ("auth",)
    "Lower case; empty: an RFC 2069 server."
    opaque: str = ""
    stale: bool = False

    @staticmethod
    def parse(value: str) -> "Challenge":
        """Raises:
        Malformed: not Digest, or without realm or nonce.
        """
        fields = _parse_fields(value, "challenge")
        if "realm" not in fields or not fields.get("nonce"):
            raise Malformed("challenge", "no realm or nonce")
        return Challenge(
            fields["realm"],
            fields["nonce"],
            fields.get("algorithm", "").upper() or "MD5",
            tuple(q for piece in fields.get("qop", "").lower().split(",") if (q := piece.strip(" \t"))),
            fields.get("opaque", ""),
            fields.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        text = f'Digest realm={quote(self.realm)}, nonce="{self.nonce}"'
        if self.qop:
            text += f', qop="{",".join(self.qop)}"'
        if self.opaque:
            text += f", opaque={quote(self.opaque)}"
        if self.stale:
            text += ", stale=true"
        return f"{text}, algorithm={self.algorithm}"  # last, for libraries that take a comma for part of it


@dataclass(frozen=True, slots=True)
class Credentials:
    """Authorization or Proxy-Authorization."""

    username: str
    realm: str
    nonce: str
    uri: str
    "digest-uri as the client hashed it; it may differ from the Request-URI behind proxies."
    response: str = field(repr=False)
    algorithm: str = "MD5"
    "Upper case."
    qop: str = ""
    "Lower case; empty: an RFC 2069 client."
    cnonce: str = ""
    nc: str = ""
    "Eight hexadecimal digits, as sent since they are hashed."
    opaque: str = ""

    @staticmethod
    def parse(value: str) -> "Credentials":
        """Raises:
        Malformed: not Digest, or without username (or `username*`), realm, nonce, uri or response.
        """
        fields = _parse_fields(value, "credentials")
        get = fields.get
        if "username" not in fields and "username*" in fields:
            fields["username"] = _extended(fields["username*"])
        try:
            return Credentials(
                fields["username"],
                fields["realm"],
                fields["nonce"],
                fields["uri"],
                fields["response"],
                get("algorithm", "").upper() or "MD5",
                get("qop", "").lower(),
                get("cnonce", ""),
                get("nc", ""),
                get("opaque", ""),
            )
        except KeyError as missing:
            raise Malformed("credentials", f"no {missing.args[0]}") from None

    def __str__(self) -> str:
        text = (
            f"Digest username={quote(self.username)}, realm={quote(self.realm)}, nonce={quote(self.nonce)}, "
            f'uri={quote(self.uri)}, response="{self.response}", algorithm={self.algorithm}'
        )
        if self.opaque:
            text += f", opaque={quote(self.opaque)}"
        if self.qop:
            text += f", qop={self.qop}, nc={self.nc}, cnonce={quote(self.cnonce)}"
        return one_line(text)


def ha1(username: str, realm: str, password: str, algorithm: Algorithm = Algorithm.MD5) -> str:
    """What is stored instead of the password: lower-case hex H(username:realm:password)."""
    return _hash(f"{username}:{realm}:{password}", algorithm)


def response(
    ha1_hex: str, method: str, uri: str, nonce: str, nc: str, cnonce: str, qop: str, algorithm: Algorithm
) -> str:
    """RFC 7616 §3.4.1; with an empty `qop`, RFC 2069 §2.1.2. Lower-case hex."""
    ha2 = _hash(f"{method}:{uri}", algorithm)
    if qop:
        return _hash(f"{ha1_hex}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}", algorithm)
    return _hash(f"{ha1_hex}:{nonce}:{ha2}", algorithm)


# The server.


def credentials_for(values: Iterable[str], realm: str) -> Credentials | None:
    """The first credentials for `realm` among the values of (Proxy-)Authorization (§22.3), or None.

    What cannot be read is passed over: it is as good as nothing. So are credentials without a nonce, by which
    phones of mobile networks say their username before they are asked (3GPP TS 24.229 §5.1.1.2).
    """
    for value in values:
        try:
            credentials = Credentials.parse(value)
        except Malformed:
            continue
        if credentials.realm == realm and credentials.nonce:
            return credentials
    return None


class NonceBook(Protocol):
    """What is asked of `edge.sip.nonce.Nonces`."""

    def number_of(self, nonce: str, now: float) -> int | None: ...
    def use(self, number: int, count: int) -> bool: ...


def verify(
    credentials: Credentials, method: str, ha1s: Mapping[str, str] | None, now: float, *, nonces: NonceBook
) -> Verdict:
    """Judge an answer to one of our challenges.

    Whether `uri` fits the Request-URI is not asked: proxies rewrite that. A bad answer is `BAD` whatever
    its nonce, so that failures can be counted; `STALE` and `REPLAY` mean that the password was right.

    Args:
        ha1s: algorithm key → hex HA1 of the algorithms on offer (`Device.ha1`); None for an unknown user,
            which costs the same time as a known one.
    """
    algorithm = _ALGORITHMS.get(credentials.algorithm)
    count = _use_count(credentials)
    if algorithm is None or count is None:
        return Verdict.MALFORMED
    known = ha1s.get(algorithm.key) if ha1s is not None else None
    expected = response(
        known or _DUMMY_HA1,
        method,
        credentials.uri,
        credentials.nonce,
        credentials.nc,
        credentials.cnonce,
        credentials.qop,
        algorithm,
    )
    given = credentials.response.lower().encode("utf-8", "surrogateescape")
    right = hmac.compare_digest(expected.encode(), given)
    number = nonces.number_of(credentials.nonce, now)
    if not right or known is None:
        return Verdict.BAD
    if number is None:
        return Verdict.STALE
    return Verdict.OK if nonces.use(number, count) else Verdict.REPLAY


def _use_count(credentials: Credentials) -> int | None:
    """Which use of the nonce this is, from 1; None: not one that can be judged."""
    if not credentials.qop:
        return _LAST_USE
    if credentials.qop != "auth" or not credentials.cnonce or _COUNT.fullmatch(credentials.nc) is None:
        return None
    return int(credentials.nc, 16) or None


# The client.


def answerable(values: Iterable[str]) -> tuple[Challenge, ...]:
    """Of each realm the first that we can answer, in the server's order of preference (RFC 8760 §2.4)."""
    found: dict[str, Challenge] = {}
    for value in values:
        try:
            challenge = Challenge.parse(value)
        except Malformed:
            continue
        if challenge.algorithm in _ALGORITHMS and (not challenge.qop or "auth" in challenge.qop):
            found.setdefault(challenge.realm, challenge)
    return tuple(found.values())


def choose(values: Iterable[str]) -> Challenge | None:
    """The first that we can answer."""
    return next(iter(answerable(values)), None)


def answer(
    challenge: Challenge, method: str, uri: str, username: str, password: str, cnonce: str, nc: int
) -> str:
    """The Authorization value for a challenge that `choose` returned.

    Args:
        uri: the Request-URI as sent.
        nc: how often this nonce was used, this time included.
    """
    algorithm = _ALGORITHMS[challenge.algorithm]
    qop = "auth" if challenge.qop else ""
    count = f"{nc:08x}"
    secret = ha1(username, challenge.realm, password, algorithm)
    proof = response(secret, method, uri, challenge.nonce, count, cnonce, qop, algorithm)
    return str(
        Credentials(
            username,
            challenge.realm,
            challenge.nonce,
            uri,
            proof,
            challenge.algorithm,
            qop,
            cnonce if qop else "",
            count if qop else "",
            challenge.opaque,
        )
    )


def _hash(text: str, algorithm: Algorithm) -> str:
    data = text.encode("utf-8", "surrogateescape")
    if algorithm is Algorithm.MD5:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest()


def _extended(value: str) -> str:
    """A name beyond ASCII: `UTF-8''J%C3%A4s` (RFC 7616 §3.4.4, RFC 8187 §3.2)."""
    charset, _, rest = value.partition("'")
    _, quote_, text = rest.partition("'")
    if charset.lower() != "utf-8" or not quote_:
        raise Malformed("credentials", "username* is no UTF-8")
    return unescape(text, errors="surrogateescape")


def _parse_fields(value: str, where: str) -> dict[str, str]:
    """Fields by lower-case name, unquoted; the first of a repeated one counts."""
    match = _SCHEME.match(value)
    if match is None:
        raise Malformed(where, "not Digest")
    text = value[match.end() :]
    if _FIELDS.fullmatch(text) is None:
        raise Malformed(where, "bad fields")
    fields: dict[str, str] = {}
    for name, raw in _FIELD_FIND.findall(text):
        fields.setdefault(name.lower(), unquote(raw))
    return fields

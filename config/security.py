"""What strangers and stolen passwords may do: bans by source, and the toll-fraud guard of outbound calls."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from config.address import is_private_host
from config.section import Count, Duration, Network, Section, matching, refusal

TOKEN_ISSUER: Final = "tandem"
"`iss` of tokens that we sign."


class Threshold(Section):
    """`count` events of one source within `per` ban it for `ban`."""

    count: int = Field(ge=1, le=1_000_000_000)
    per: Duration = Field(gt=0)
    ban: Duration = Field(gt=0)


class FailedAuth(Threshold):
    """Where phones are registered, `count` is of each username, and locks that one out there for `ban`."""

    names: int = Field(default=3, ge=1, le=1_000_000_000)
    "So many usernames that fail there within `per`, and more than are registered there, ban the source."


class Enumeration(Threshold):
    """`count` different unknown names asked for within `per`, and more than are registered there."""

    count: int = Field(ge=1, le=1_000)


class Scanners(Section):
    """A source whose User-Agent is a known scanner's."""

    ban: Duration = Field(default=86_400.0, gt=0)


class Tokens(Section):
    """Tokens of users (JWT, RFC 7519), with which their own programs ask `/agent` and `/presence/users`."""

    life: Duration = Field(default=43_200.0, ge=1)
    "Of a token for which nobody asks for less or more [s]."
    longest: Duration = Field(default=2_592_000.0, ge=1, le=31_536_000.0)
    "Longest life that may be asked for, and how long a key that is replaced is good at most [s]."
    leeway: Duration = Field(default=30.0, ge=0, le=300)
    "By how much clocks may differ [s]."
    issuer: str = Field(default="", max_length=512)
    "`iss` of tokens that somebody else signs; empty: we take our own alone."
    audience: str = Field(default="", max_length=512)
    "What their `aud` must name."
    jwks: str = Field(default="", max_length=2_048)
    "URL of the public keys that they are signed by (RFC 7517 §5)."
    account_claim: str = Field(default="account_id", min_length=1, max_length=128)
    "Which of their claims names the account."
    user_claim: str = Field(default="sub", min_length=1, max_length=128)
    "Which of their claims names the user, by id, number or username."

    @model_validator(mode="after")
    def _whole(self) -> "Tokens":
        if bool(self.issuer) != bool(self.jwks) or bool(self.issuer) != bool(self.audience):
            raise refusal("issuer, audience and jwks go together", "write all three, or none")
        if self.issuer == TOKEN_ISSUER:
            raise refusal(f"{TOKEN_ISSUER} is what our own tokens say", "name the other issuer")
        if self.life > self.longest:
            raise refusal("life is longer than longest", "shorten it, or raise longest")
        if self.jwks:
            found = urlsplit(self.jwks)
            host = found.hostname or ""
            if found.scheme != "https" and not (found.scheme == "http" and host and is_private_host(host)):
                raise refusal("jwks: no https URL", "write https://…; http is for this network alone")
        return self


class Security(Section):
    failed_auth: FailedAuth = FailedAuth(count=10, per=60.0, ban=3_600.0)
    "Digest answers that were wrong."
    enumeration: Enumeration = Enumeration(count=15, per=60.0, ban=3_600.0)
    "Users, addresses of record and extensions that do not exist, asked for without proof of who asks."
    malformed: Threshold = Threshold(count=50, per=10.0, ban=600.0)
    "Messages that cannot be parsed."
    scanners: Scanners = Scanners()
    flood: Threshold = Threshold(count=200, per=1.0, ban=600.0)
    "Messages outside dialogs from a source without a registered phone."
    flood_bytes: int = Field(default=8_192, ge=1_024)
    "A message counts in `flood` once for each so many bytes that it begins [bytes]."
    allow: tuple[Network, ...] = ("127.0.0.1/32", "::1/128")
    """Sources exempt from every per-source limit. Left out, that is this machine: whoever tries things out
    here must not be locked out, and a proxy on this machine speaks for many. `[]` exempts nobody."""
    reach: Literal["public", "any"] = "public"
    "Where trunks, agents and tools made over the API may lead; those of this file may lead anywhere."
    tokens: Tokens = Tokens()


Prefix = Annotated[
    str, matching(r"\+?[0-9]{1,15}", "not the beginning of a number", 'write digits, such as "44" or "1900"')
]
"Of an E.164 number; + may be written."


class Fraud(Section):
    """Bounds of calls that leave to the public network; None and empty: no bound."""

    allow: tuple[Prefix, ...] = Field(default=(), max_length=1_000)
    "Numbers that may be called, by prefix; empty: all."
    deny: tuple[Prefix, ...] = Field(default=(), max_length=1_000)
    "Numbers that may not; the longest prefix of both lists decides."
    per_minute: Count | None = None
    "Calls begun in a minute."
    international: Count | None = None
    "Calls to other countries at one time."
    daily: Count | None = None
    "Minutes × rate in any 24 hours."


class AccountFraud(Fraud):
    """The account's own bounds, and how its numbers are read."""

    country: Annotated[str, matching(r"[1-9][0-9]{0,2}", "not a country code", 'write "1" or "49"')] = ""
    "Calling code of the account; with it, numbers of other codes are international. Empty: none is."
    rates: dict[Prefix, Annotated[float, Field(ge=0, le=1_000_000)]] = Field(default={}, max_length=1_000)
    "What a minute to a prefix counts; 1 where none fits."

"""A trunk of an account: where it is, who each side is to the other, how numbers are written there."""

import enum
import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from config.audio import TRUNK_CODECS, CodecOrder, Codecs, Dtmf, Inband, PacketTime, Srtp
from config.header import TrunkHeaders
from config.section import E164, Count, Duration, Name, Network, Section, SipUri, Username, refusal

_REGEX: Final = re.compile(
    r"(?:[0-9+*#.^$|]|\\[d+*.]|\[[0-9+*#-]+\]|\((?:\?:)?|\)|[?*+]|\{[0-9]{1,2}(?:,[0-9]{0,2})?\})*"
)
_REPEATED_GROUP: Final = re.compile(r"\)[*+{]")
_LOOSE: Final = re.compile(r"(?<!\\)[*+](?![0-9*#+-]*\])|\{[0-9]+,[0-9]*\}")
"How long the match is can be chosen there."


def _pattern(value: str) -> str:
    """Numbers have few characters: what is left of regular expressions cannot take long on them."""
    if len(value) > 64 or _REGEX.fullmatch(value) is None:
        fix = r"use digits, + * #, ., \d, [0-9], (…), |, ? * + and {n,m}, 64 characters at most"
        raise refusal("not a pattern for numbers", fix)
    if _REPEATED_GROUP.search(value) or len(_LOOSE.findall(value)) > 3 or value.count("?") > 8:
        raise refusal("could take too long", "repeat no group, and use * + {n,m} at most three times")
    try:
        re.compile(value)
    except re.error as error:
        raise refusal(f"not a regular expression: {error}") from None
    return value


class TrunkAuth(Section):
    """How the trunk's calls to us are known: by source address, by digest, or both."""

    ip: tuple[Network, ...] = Field(default=(), max_length=1_000)
    username: Username | None = None
    password: str | None = Field(default=None, min_length=1, repr=False)

    @model_validator(mode="after")
    def _whole(self) -> "TrunkAuth":
        if (self.username is None) != (self.password is None):
            raise refusal("username and password go together", "give both or neither")
        return self


class TrunkRegister(Section):
    """Our registration at the carrier, whose calls are then known by the address that took it."""

    username: Username
    password: str = Field(min_length=1, repr=False)
    registrar: SipUri | None = None
    "The trunk's proxy when omitted."
    expires: Duration = Field(default=3_600.0, ge=60, le=86_400)
    retry: Duration = Field(default=30.0, ge=1, le=3_600)
    "After the first failure, then ever later (RFC 5626 §4.5); half of each wait is left to chance."
    retry_max: Duration = Field(default=1_800.0, ge=1, le=86_400)

    @model_validator(mode="after")
    def _ever_later(self) -> "TrunkRegister":
        if self.retry > self.retry_max:
            raise refusal("retry is longer than retry_max", "raise retry_max")
        return self


class Rewriting(Section):
    """One rule for numbers: what matches all of `match` becomes `to`."""

    match: Annotated[str, AfterValidator(_pattern)]
    to: str = Field(max_length=64, pattern=r"^[0-9*#+]*(\\[1-9][0-9*#+]*)*$")
    "May hold \\1 to \\9."

    @model_validator(mode="after")
    def _groups(self) -> "Rewriting":
        groups = re.compile(self.match).groups
        if any(int(digit) > groups for digit in re.findall(r"\\([0-9])", self.to)):
            raise refusal(f"to names a group that is not in match, which has {groups}", "put it in brackets")
        return self


class NumberStyle(enum.StrEnum):
    AS_DIALLED = "as_dialled"
    E164 = "e164"
    PLUS = "plus"


class CallerId(Section):
    """What the trunk is told of the caller."""

    number: E164 | None = None
    "Shown for everybody; the caller's own when omitted."
    from_: Literal["caller", "username"] = Field(default="caller", alias="from")
    "username: From shows our username there, and the number is only asserted."
    assert_: bool = Field(default=False, alias="assert")
    "Send P-Asserted-Identity (RFC 3325)."
    privacy: Literal["honour", "always", "never"] = "honour"
    "honour: hide the caller who asks for it (RFC 3323)."


class TrunkHealth(Section):
    """OPTIONS to the trunk; while it is down, calls take the next one of their route list."""

    interval: Duration = Field(default=30.0, ge=1, le=3_600)
    down_after: int = Field(default=3, ge=1, le=100)
    "So many without an answer in a row."
    up_after: int = Field(default=2, ge=1, le=100)
    "So many answers in a row."


class TrunkRoute(Section):
    """A route list: trunks for the numbers that begin so; the longest prefix decides."""

    prefix: Annotated[str, Field(pattern=r"^\+?[0-9]{0,15}$")]
    "Of E.164 digits; empty: every number."
    trunks: tuple[Name, ...] = Field(min_length=1, max_length=16)
    "First choice first; the next one on 5xx, 408, unreachable, full or down, never on busy."


class Trunk(Section):
    """A peer to the public network."""

    trusted: ClassVar[bool] = True
    "May be reached at private addresses."
    name: Name
    proxy: SipUri
    "The next hop."
    auth: TrunkAuth = TrunkAuth()
    register_: TrunkRegister | None = Field(default=None, alias="register")
    realm: str | None = Field(default=None, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")
    "Whose challenges our password is proven to (RFC 3261 §22.3); anybody's on the way when omitted."
    max_channels: Count | None = None
    default: bool = False
    "Takes the account's outbound calls that name no trunk."
    codecs: Codecs = TRUNK_CODECS
    codec_order: CodecOrder = "theirs"
    ptime: PacketTime = 20
    dtmf: Dtmf = "auto"
    inband: Inband = "auto"
    srtp: Srtp = "optional"
    number_format: NumberStyle = NumberStyle.AS_DIALLED
    rewrite: tuple[Rewriting, ...] = Field(default=(), max_length=100)
    "Before `number_format`, the first rule that matches."
    caller_id: CallerId = CallerId()
    headers: TrunkHeaders = TrunkHeaders()
    calls_per_second: Annotated[int, Field(ge=1, le=10_000)] | None = None
    health: TrunkHealth | None = None

"""One account of the configuration: who registers, who can be dialled, and where numbers lead."""

import enum
import re
from typing import Annotated, ClassVar, Final, Literal, cast

from pydantic import AfterValidator, Field, model_validator

from config.agent import Agent
from config.audio import PHONE_CODECS, TRUNK_CODECS, CodecOrder, Codecs, PacketTime, Srtp
from config.carrier import CarrierHooks
from config.conference import Conference
from config.header import HeaderNames, TrunkHeaders
from config.queue import Level, Queue
from config.schedule import Schedule, Zone
from config.section import (
    E164,
    BesidePath,
    Count,
    Duration,
    Host,
    Name,
    Network,
    Number,
    RelativePath,
    Section,
    SipUri,
    Username,
    refusal,
)
from config.security import AccountFraud, Fraud
from config.speech import Speech
from config.tool import Tool

Digest = Literal["md5", "sha-256"]

ECHO_CODE: Final = "*43"
"The feature code that is the echo of every account."


class TargetKind(enum.StrEnum):
    FLOW = "flow"
    USER = "user"
    EXTENSION = "extension"
    QUEUE = "queue"
    AGENT = "agent"
    VOICEMAIL = "voicemail"
    CONFERENCE = "conference"
    FORWARD = "forward"
    TRUNK = "trunk"
    ECHO = "echo"
    ANSWER = "answer"
    HANGUP = "hangup"


BARE_KINDS: Final = frozenset({TargetKind.ECHO, TargetKind.ANSWER, TargetKind.HANGUP})
"Targets without a name: written `{echo: true}`."

_FORWARD: Final = re.compile(r"\+?[0-9]{3,15}|(?i:sips?:)[^\s<>\"]{1,250}")


class Target(Section):
    """Where a number leads; written as one key, `{agent: greeter}`."""

    kind: TargetKind
    value: str
    "Empty for echo, answer and hangup."

    @model_validator(mode="before")
    @classmethod
    def _from_one_key(cls, data: object) -> object:
        kinds = ", ".join(TargetKind)
        if not isinstance(data, dict) or len(data) != 1:
            raise refusal("not a target", f"write one key, such as {{agent: demo}}; the keys are {kinds}")
        ((key, value),) = cast(dict[object, object], data).items()
        try:
            kind = TargetKind(str(key))
        except ValueError:
            raise refusal(f"no such kind of target: {key}", f"use one of {kinds}") from None
        if kind in BARE_KINDS:
            if value is not True:
                raise refusal(f"{kind} takes no name", f"write {{{kind}: true}}")
            return {"kind": kind, "value": ""}
        if not isinstance(value, str):
            raise refusal(f"the name after {kind} is not text", f'put it in quotes: {{{kind}: "{value}"}}')
        if kind is TargetKind.FORWARD and _FORWARD.fullmatch(value) is None:
            raise refusal("not a number or SIP URI to forward to", 'write "+14155550100" or "sip:user@host"')
        return {"kind": kind, "value": value}


class AccountLimits(Section):
    """Calls at one time; None: no limit."""

    max_in: Count | None = None
    max_out: Count | None = None
    max_dialer: Count | None = None
    reserve_in: Count = 0
    "Channels of every trunk that calls of campaigns leave free for calls that come in."


class CallLimit(Section):
    """How many calls may begin in any `period`, beside how many are up at one time."""

    scope: Literal["account", "user", "did", "number"]
    "`number` is the one that a call leads to, or for a call to us the one that it comes from."
    id: str = Field(default="", max_length=64)
    "Number of the user or DID, or the number itself; empty: each of them on its own."
    direction: Literal["in", "out", "dialer", "any"] = "any"
    period: Duration = Field(gt=0, le=86_400)
    max: Count
    hard: bool = True
    "False: a call beyond it is only noted in its trace."


class Device(Section):
    """What REGISTERs."""

    username: Username | None = None
    "The user's number when omitted."
    password: str | None = Field(default=None, min_length=1, repr=False)
    "Generated and kept in the data folder when omitted."
    digest: tuple[Digest, ...] = ()
    "Overrides the account's list."
    disabled: bool = False
    "Neither registers nor calls; its password may be right."


_DIALLED: Final = re.compile(r"\+?[0-9*#]{1,32}")


def _dialled(value: str) -> str:
    if _DIALLED.fullmatch(value) is None:
        fix = 'write a number as a user would dial it, such as "1002"; who forwards may also write voicemail'
        raise refusal("not a number to dial", fix)
    return value


Dialled = Annotated[str, AfterValidator(_dialled)]


RecordPolicy = Literal["always", "never", "on_demand"]
Voicemail = Literal["voicemail"]
"The user's own."


class Forward(Section):
    """Where calls go that the user will not or cannot take: as he would dial it, or to his voicemail."""

    always: Dialled | Voicemail | None = None
    busy: Dialled | Voicemail | None = None
    "Also when the user has as many calls as it may, or does not want to be disturbed."
    no_answer: Dialled | Voicemail | None = None
    unreachable: Dialled | Voicemail | None = None


class User(Section):
    """A telephony identity: an extension that people dial."""

    number: Number
    name: str = Field(default="", max_length=128)
    max_simultaneous: Count | None = None
    "Calls at one time."
    agent: bool = False
    "Answers queues: shown in the roster also before signing in."
    skills: dict[Name, Level] = Field(default={}, max_length=50)
    "Name → level, for queues that ask for some."
    ready_on_login: bool = False
    "Signing in to the queues means available; else that is said apart."
    codecs: Codecs | None = None
    "The account's when omitted."
    codec_order: CodecOrder | None = None
    "The same."
    ptime: PacketTime | None = None
    "The same."
    srtp: Srtp | None = None
    "The account's when omitted."
    fraud: Fraud = Fraud()
    "Beside the account's bounds."
    forward: Forward = Forward()
    dnd: bool = False
    "Does not want to be disturbed."
    record: RecordPolicy | None = None
    "The account's when omitted."
    ring: Literal["parallel", "sequential", "first"] = "parallel"
    "All devices at once, one after another (best q first), or the best one only."
    ring_time: Duration | None = Field(default=None, gt=0, le=600)
    "Of all devices, or of each one in sequence; `limits.sip.ring_timeout` when omitted."
    devices: tuple[Device, ...] = Field(default=(Device(),), min_length=1, max_length=32)
    "One device whose username is the number, when omitted."

    def usernames(self) -> tuple[str, ...]:
        return tuple(device.username or self.number for device in self.devices)


class Extension(Section):
    """An internal number that is not a user's."""

    number: Number
    target: Target


class Did(Section):
    """A number of the public network."""

    number: E164
    target: Target
    max_channels: Count | None = None
    schedule: Name | None = None
    "Business hours of the account; outside of them `closed` and `holiday` replace `target`."
    closed: Target | None = None
    "Omitted: callers are told that nobody is there."
    holiday: Target | None = None
    "Omitted: as `closed`."


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
    max_channels: Count | None = None
    default: bool = False
    "Takes the account's outbound calls that name no trunk."
    codecs: Codecs = TRUNK_CODECS
    codec_order: CodecOrder = "theirs"
    ptime: PacketTime = 20
    srtp: Srtp = "optional"
    number_format: NumberStyle = NumberStyle.AS_DIALLED
    rewrite: tuple[Rewriting, ...] = Field(default=(), max_length=100)
    "Before `number_format`, the first rule that matches."
    caller_id: CallerId = CallerId()
    headers: TrunkHeaders = TrunkHeaders()
    calls_per_second: Annotated[int, Field(ge=1, le=10_000)] | None = None
    health: TrunkHealth | None = None


class Account(Section):
    """A tenant with its own domain, numbers and limits."""

    id: Name
    domain: Host
    "SIP domain and digest realm."
    timezone: Zone = "UTC"
    digest: tuple[Digest, ...] = Field(default=("md5",), min_length=1)
    "Algorithms offered in a challenge, first choice first."
    codecs: Codecs = PHONE_CODECS
    "Of its users' phones."
    codec_order: CodecOrder = "theirs"
    "The same."
    ptime: PacketTime = 20
    "The same."
    srtp: Srtp = "optional"
    "The same."
    limits: AccountLimits = AccountLimits()
    call_limits: tuple[CallLimit, ...] = Field(default=(), max_length=1_000)
    fraud: AccountFraud = AccountFraud()
    "Of calls of users and forwards that leave by a trunk."
    headers: HeaderNames = ()
    "Custom ones of its users' and strangers' INVITEs that are taken, and that its phones are told."
    hold_music: Literal["builtin", "silence"] | RelativePath = "builtin"
    "What a party on hold hears: our tune, nothing, or a WAV."
    country: str = Field(default="us", pattern=r"^[a-z]{2}$")
    "ISO 3166-1 alpha-2, lower case: whose ringback and congestion tones callers hear."
    record: RecordPolicy = "on_demand"
    "Whole calls: every one that is answered, none, or when a flow or an operator says so."
    users: tuple[User, ...] = ()
    extensions: tuple[Extension, ...] = ()
    dids: tuple[Did, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    routes: tuple[TrunkRoute, ...] = Field(default=(), max_length=10_000)
    flows: dict[Name, BesidePath] = Field(default={})
    queues: dict[Name, Queue] = Field(default={})
    agents: dict[Name, Agent] = Field(default={})
    conferences: dict[Name, Conference] = Field(default={})
    "Rooms that are not the default ones."
    speech: Speech = Speech()
    "Who speaks and who listens: flow texts, and agents that know text alone."
    tools: dict[Name, Tool] = Field(default={})
    "Services that its agents may use."
    schedules: dict[Name, Schedule] = Field(default={})
    carrier_hooks: CarrierHooks | None = None

"""One account of the configuration: who registers, who can be dialled, and where numbers lead."""

import enum
import re
from typing import Annotated, Final, Literal, cast

from pydantic import AfterValidator, Field, model_validator

from config.agent import Agent
from config.audio import PHONE_CODECS, CodecOrder, Codecs, Dtmf, Inband, PacketTime, Srtp
from config.carrier import CarrierHooks
from config.conference import Conference
from config.header import HeaderNames
from config.queue import Level, Queue
from config.schedule import Schedule, Zone
from config.section import (
    E164,
    BesidePath,
    Count,
    Duration,
    Host,
    Name,
    Number,
    RelativePath,
    Section,
    Username,
    refusal,
)
from config.security import AccountFraud, Fraud
from config.speech import Speech
from config.tool import Tool
from config.trunk import Trunk, TrunkRoute

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
    dtmf: Dtmf | None = None
    "The same."
    inband: Inband | None = None
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
    strangers: bool = True
    "False: only trunks and users reach it, and whoever is not known by address is asked for a password."
    schedule: Name | None = None
    "Business hours of the account; outside of them `closed` and `holiday` replace `target`."
    closed: Target | None = None
    "Omitted: callers are told that nobody is there."
    holiday: Target | None = None
    "Omitted: as `closed`."


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
    dtmf: Dtmf = "auto"
    "The same."
    inband: Inband = "auto"
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
    "What a party on hold hears: our tune, nothing, or a sound file."
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

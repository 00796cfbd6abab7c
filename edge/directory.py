"""What the edge must look up, stated as a `Protocol` that the control plane fulfils.

Every look-up is synchronous and from memory: a call never waits for a statement. Every
key carries its account, since numbers and usernames are only unique inside one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NewType, Protocol

from config.conference import Conference
from config.schedule import Schedule
from config.value import dataclass
from edge.acd.terms import QueueTerms
from edge.flow.machine import Program
from media.port import AgentOptions

AccountId = NewType("AccountId", str)
UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
DidId = NewType("DidId", str)
TrunkId = NewType("TrunkId", str)


@dataclass(frozen=True, slots=True)
class FraudBounds:
    """Of calls that leave to the public network (`edge.security.fraud`); None and empty: no bound."""

    allow: tuple[str, ...] = ()
    "Prefixes of E.164 digits that may be called; empty: all."
    deny: tuple[str, ...] = ()
    per_minute: int | None = None
    international: int | None = None
    daily: int | None = None
    "Minutes × rate in any 24 hours."


@dataclass(frozen=True, slots=True)
class AccountFraud:
    country: str = ""
    "Calling code; empty: no number is international."
    rates: tuple[tuple[str, float], ...] = ()
    "Prefix and what a minute counts, longest prefix first."
    bounds: FraudBounds = FraudBounds()


@dataclass(frozen=True, slots=True)
class CallLimit:
    """How many calls may begin in any `period` (S004-60)."""

    scope: str
    "account, user, did or number."
    id: str
    "Of a user or DID, or the number itself; empty: each of them on its own."
    direction: str
    "in, out, dialer or any."
    period: float
    "[s]"
    max: int
    hard: bool
    "False: a call beyond it is only noted."


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    domain: str
    "SIP domain and digest realm."
    timezone: str
    digest: tuple[str, ...]
    "Algorithms offered in a challenge, first choice first: `md5`, `sha-256`."
    max_in: int | None
    max_out: int | None
    max_dialer: int | None
    fraud: AccountFraud = AccountFraud()
    reserve_in: int = 0
    "Channels of every trunk that calls of campaigns leave free."
    call_limits: tuple[CallLimit, ...] = ()
    hold_music: str = "builtin"
    "Path of a WAV that held parties hear; `builtin`: ours; empty: silence."
    country: str = "us"
    "ISO code; whose tones callers hear."
    record: str = "on_demand"
    "Of whole calls: always, never or on_demand."
    headers: tuple[str, ...] = ()
    "Custom ones, canonical, that pass from and to its phones."
    conferences: Mapping[str, Conference] = field(default_factory=dict)
    "Rooms, by name; others have the defaults."


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Numbers as the user would dial them; empty: no forward."""

    always: str = ""
    busy: str = ""
    no_answer: str = ""
    unreachable: str = ""


@dataclass(frozen=True, slots=True)
class AudioTerms:
    """What we speak with the phones of a user, or with a trunk."""

    codecs: tuple[str, ...] = ("pcmu", "pcma", "g722", "opus")
    "Lower case, in the order of our offers."
    srtp: str = "optional"
    "`off`, `optional` or `required`."
    ours_first: bool = False
    "A peer that offers is answered in our order, not in its own."
    ptime_ms: int = 20
    "What we ask for, and send to who asks for nothing."
    dtmf: str = "auto"
    "How keys are sent: `auto`, `rfc4733`, `info` or `inband`."
    inband: str = "auto"
    "Whether keys are looked for as tones: `auto`, `always` or `never`."


@dataclass(frozen=True, slots=True)
class User:
    """A telephony identity: an extension that people dial."""

    id: UserId
    account: AccountId
    number: str
    name: str
    max_simultaneous: int | None
    devices: tuple[DeviceId, ...]
    usernames: tuple[str, ...] = ()
    "Of its devices: the AORs under which they register."
    fraud: FraudBounds = FraudBounds()
    "Beside those of its account."
    forward: Forwarding = Forwarding()
    dnd: bool = False
    ring: str = "parallel"
    "How its devices ring: parallel, sequential or first."
    ring_time: float | None = None
    "Of all devices, or of each in sequence [s]; None: `limits.sip.ring_timeout`."
    audio: AudioTerms = AudioTerms()
    record: str = ""
    "Empty: as the account."
    skills: Mapping[str, int] = field(default_factory=dict)
    "Name → level, where queues ask for some."
    ready_on_login: bool = False
    "Signing in to the queues means available."


@dataclass(frozen=True, slots=True)
class Device:
    """What REGISTERs: a username and the hashes of its password (never the password)."""

    id: DeviceId
    account: AccountId
    user: UserId
    username: str
    ha1: dict[str, str] = field(repr=False)
    "Algorithm (`md5`, `sha-256`) → hex H(username:realm:password)."
    digest: tuple[str, ...] = ()
    "Overrides the account's list when not empty."
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a DID, an extension or a feature code leads (`design.md` §6)."""

    kind: str
    "flow, user, extension, queue, agent, voicemail, conference, forward, trunk, echo, answer or hangup."
    value: str
    "Name or number; empty for echo, answer, hangup."


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """What replaces a DID's target when nobody is there (S004-27)."""

    schedule: Schedule
    timezone: str
    "Of a schedule without its own."
    closed: Target | None
    "None: the caller is refused."
    holiday: Target | None
    "None: as `closed`."


@dataclass(frozen=True, slots=True)
class Did:
    id: DidId
    account: AccountId
    number: str
    "E.164 digits without +."
    target: Target
    max_channels: int | None
    hours: BusinessHours | None = None
    "None: always open."
    strangers: bool = True
    "Whether it is open to who is neither a trunk nor a user."


@dataclass(frozen=True, slots=True)
class Rewriting:
    pattern: re.Pattern[str]
    "Of a whole number."
    to: str
    "Template with `\\1` …"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    style: str = "as_dialled"
    "as_dialled, e164 (digits) or plus (+ and digits)."
    rules: tuple[Rewriting, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerPolicy:
    """What a trunk is told of the caller (RFC 3323, RFC 3325)."""

    number: str = ""
    "Shown for everybody; empty: the caller's own."
    username: bool = False
    "From shows our username there; the number is then only asserted."
    asserts: bool = False
    "Send P-Asserted-Identity."
    privacy: str = "honour"
    "honour (what the caller asks for), always or never."


@dataclass(frozen=True, slots=True)
class Probing:
    """OPTIONS to a trunk, and how many answers in a row change its state."""

    interval: float
    "[s]"
    down_after: int
    up_after: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Our registration at a carrier, with the trunk's username and password."""

    registrar: str
    "SIP URI."
    expires: int
    "What we ask for [s]."
    retry: tuple[float, float] = (30.0, 1_800.0)
    "After the first failure, and at most [s]; half of it is left to chance."


@dataclass(frozen=True, slots=True)
class TrunkHeaders:
    """Custom header fields, names canonical."""

    accept: tuple[str, ...] = ()
    send: tuple[str, ...] = ()
    add: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trunk:
    id: TrunkId
    account: AccountId
    name: str
    proxy: str
    "SIP URI of the next hop."
    username: str
    "Digest username for calls that we send; empty: the proxy is not expected to challenge."
    password: str = field(repr=False)
    max_channels: int | None
    default: bool
    audio: AudioTerms = AudioTerms(("pcmu", "pcma"))
    numbers: NumberFormat = NumberFormat()
    caller_id: CallerPolicy = CallerPolicy()
    headers: TrunkHeaders = TrunkHeaders()
    calls_per_second: int | None = None
    probing: Probing | None = None
    enrolment: Enrolment | None = None
    trusted: bool = True
    "The operator's own, which may be reached at private addresses."
    realm: str = ""
    "Whose challenges the password is proven to; empty: anybody's."


@dataclass(frozen=True, slots=True)
class Agent:
    """One AI agent, as `media.port.AgentSpec` needs it."""

    account: AccountId
    name: str
    dialect: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    sample_rate: int
    barge_in: bool
    connect_timeout: float
    options: AgentOptions = field(default_factory=AgentOptions)
    fallback: str = ""
    "The agent that takes the call when this one fails."
    filler: str = ""
    "Prompt that the caller hears while the agent is dialled or thinks; empty: nothing."
    filler_after: float = 2.0
    "[s]"
    token: str = field(default="", repr=False)
    "Of bots that dial us; empty: it is we who dial."
    trusted: bool = True
    "The operator's own URL, which may lead to private addresses."


@dataclass(frozen=True, slots=True)
class Tool:
    """A service that agents may use (S002-55)."""

    name: str
    url: str
    parameters: Mapping[str, object]
    "JSON Schema of its arguments."
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold keys
    timeout: float = 10.0
    "[s]"
    trusted: bool = True
    "The operator's own URL, which may lead to private addresses."


class Directory(Protocol):
    """Accounts and what belongs to them. None means: there is no such thing."""

    def account(self, account: AccountId) -> Account | None: ...

    def account_of_host(self, host: str) -> Account | None:
        """The account that owns the host part of an AOR, lower case, without port.

        One of our own addresses means the only account, where there is just one.
        """

    def device(self, account: AccountId, username: str) -> Device | None: ...

    def user(self, account: AccountId, name: str) -> User | None:
        """By number or by any of its devices' usernames."""

    def user_by_id(self, user: UserId) -> User | None: ...

    def users_of(self, account: AccountId) -> Sequence[User]:
        """Each once."""

    def queue(self, account: AccountId, name: str) -> QueueTerms | None:
        """By name or id."""

    def queues(self, account: AccountId) -> Sequence[QueueTerms]: ...

    def extension(self, account: AccountId, number: str) -> Target | None:
        """Numbers of the account that are not users, `*43` (echo) among them."""

    def did(self, number: str) -> Did | None:
        """By E.164 digits without +; unique over the platform."""

    def trunk_of_source(self, address: str) -> Trunk | None:
        """The trunk whose `auth.ip` holds this source address, from any port."""

    def trunk(self, account: AccountId, name: str) -> Trunk | None:
        """By name, or the account's default trunk when `name` is empty."""

    def trunks_for(self, account: AccountId, digits: str) -> Sequence[Trunk]:
        """The route list for a public number, first choice first; empty: the default trunk."""

    def all_trunks(self) -> Sequence[Trunk]:
        """Of all accounts."""

    def trunk_of_username(self, account: AccountId, username: str) -> Trunk | None:
        """A trunk that authenticates to us by digest."""

    def trunk_ha1(self, trunk: TrunkId) -> dict[str, str]: ...

    def agent(self, account: AccountId, name: str) -> Agent | None: ...

    def tool(self, account: AccountId, agent: str, name: str) -> Tool | None:
        """A tool that this agent may use."""

    def greeting(self, account: AccountId, number: str) -> str | None:
        """Path of what a user has recorded for callers of his voicemail."""

    def prompt(self, name: str) -> str | None:
        """Path of a ready WAV for one of our system prompts (`agent-unreachable`…); None: not there (yet)."""

    def program(self, account: AccountId) -> Program:
        """The account's flows as they are now; a call keeps the ones it began with."""

    def spoken(self, text: str, voice: str, account: str) -> str | None:
        """Path of a ready WAV of a text; None: not there (yet)."""

    def accounts(self) -> Sequence[Account]: ...

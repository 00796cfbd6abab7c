"""Every setting once: typed, with unit and default, refused when unknown (`design.md` §6)."""

import enum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from config.account import Account
from config.bucket import MediaBucket
from config.http import HttpLimits as HttpLimits
from config.ice import Ice
from config.observe import Observe
from config.section import Address, Duration, Name, Network, Origin, Port, RelativePath, Section, refusal
from config.security import Security
from config.store import StoreLimits as StoreLimits


class SipLimits(Section):
    """Bounds of the signalling plane: what a peer can make us hold or read."""

    message_bytes: int = Field(default=65_535, ge=1_300)
    "Longest SIP message, headers and body [bytes]; RFC 3261 §18.1.1 asks for 65,535 on UDP."
    header_bytes: int = Field(default=16_384, ge=1_024)
    "Longest header section of a message [bytes]."
    header_lines: int = Field(default=128, ge=16)
    "Header lines of one message."
    sdp_bytes: int = Field(default=16_384, ge=1_024)
    "Longest session description [bytes]."
    sdp_lines: int = Field(default=512, ge=32)
    "Lines of one session description."
    sdp_media: int = Field(default=16, ge=1)
    "Media sections (m=) of one session description."
    contacts_per_aor: int = Field(default=10, ge=1)
    "Bindings that one address of record may hold."
    bindings: int = Field(default=200_000, ge=1)
    "Bindings of all accounts together."
    expires_min: int = Field(default=60, ge=1)
    "Shortest registration granted [s]; shorter ones get 423."
    expires_max: int = Field(default=3_600, ge=60)
    "Longest registration granted [s]."
    expires_default: int = Field(default=3_600, ge=60)
    "Registration granted when the phone names none [s]."
    transactions: int = Field(default=200_000, ge=1_000)
    "Live transactions; above it new requests get 503."
    calls: int = Field(default=10_000, ge=1)
    "Live calls; above it new ones get 503."
    calls_per_second: float | None = Field(default=None, gt=0, le=1_000_000)
    "New calls taken on, other requests as parts of one; more get 503. None: as many as are measured to fit."
    refusals_kept: int = Field(default=20_000, ge=2)
    "Answers of an overloaded node, and challenges, remembered for copies and second rounds of 32 s."
    registrations_waiting: int = Field(default=10_000, ge=1)
    "Of an overloaded node: they go on as there is room; more get 503, those of strangers from half of it on."
    keys_waiting: int = Field(default=64, ge=1)
    "To be sent to one peer by INFO, one after another."
    rooms_per_account: int = Field(default=100, ge=1)
    "Conferences of one account at one time."
    room_members: int = Field(default=200, ge=2)
    "Members of one conference."
    connections: int = Field(default=20_000, ge=1)
    "Open SIP stream connections."
    connections_per_source: int = Field(default=500, ge=1)
    """Open SIP stream connections from one address (IPv6: one /64); trunks and allowed ones are exempt.
    Behind one NAT may be 200 phones, and when it starts anew each has two connections for a while."""
    connection_idle: Duration = Field(default=600.0, gt=0)
    "A stream connection without traffic is closed after this [s]."
    connection_handshake: Duration = Field(default=5.0, gt=0)
    "A peer that has not finished its TLS or WebSocket handshake after this is dropped [s]."
    connection_ping: Duration = Field(default=100.0, gt=0)
    "A WebSocket, or a connection that we dialled, is pinged after so long without a sign of life [s]."
    connection_pong: Duration = Field(default=10.0, gt=0)
    "A peer that owes a pong for this long is gone [s]; RFC 5626 §4.4.1."
    connection_dial: Duration = Field(default=5.0, gt=0)
    "A stream connection that is not open after this is given up [s]."
    connection_buffer: int = Field(default=1_048_576, ge=65_536)
    "Unsent bytes on one stream connection; above it the connection is closed."
    dns_names: int = Field(default=10_000, ge=100)
    "Answers of DNS that are kept."
    dns_queries: int = Field(default=64, ge=1)
    "Questions to DNS under way at once; more wait."
    dns_timeout: Duration = Field(default=5.0, gt=0)
    "A question that no name server answered by then has no answer [s]."
    server_timeout: Duration = Field(default=4.0, gt=0)
    "A trunk's server that says nothing at all is left for its next one after this [s]; the last gets 32 s."
    server_rest: Duration = Field(default=30.0, gt=0)
    "A trunk's server that could not serve is asked last for this long, unless its Retry-After says else [s]."
    servers_resting: int = Field(default=1_000, ge=1)
    "Such servers that are remembered."
    nonce_life: Duration = Field(default=300.0, gt=0)
    "A digest nonce is good for this long [s]; then the answer is a new one with stale=true."
    nonces_tracked: int = Field(default=100_000, ge=100)
    "Nonces whose use counts are remembered for the replay check."
    ring_timeout: Duration = Field(default=60.0, gt=0)
    "An unanswered call to a user or trunk is given up after this [s]."
    call_seconds: Duration = Field(default=14_400.0, gt=0)
    "Longest call [s]."
    drain: Duration = Field(default=30.0, ge=0)
    "After SIGTERM live calls may go on for this long [s]."
    sources: int = Field(default=16_384, ge=16)
    "Source addresses whose messages and failures are counted; beyond it the least suspicious is forgotten."
    bans: int = Field(default=100_000, ge=16)
    "Banned sources; beyond it the ban that ends first gives way."
    locks: int = Field(default=10_000, ge=16)
    "Usernames locked out at one source each; beyond it the oldest lock ends."
    stun_per_second: int = Field(default=2_000, ge=1)
    "Keep-alives by STUN that one UDP socket answers in a second; more of them are dropped."
    allowed: int = Field(default=10_000, ge=1)
    "Addresses and networks allowed while running."
    outside_calls: int = Field(default=50_000, ge=1)
    "Calls of outside edges that hold channels, proofs and registrations of theirs; new ones get 503."
    outside_ring: Duration = Field(default=300.0, gt=0)
    "A call of an outside edge of which nothing was heard for so long, and that is not up, is over [s]."
    subscriptions: int = Field(default=50_000, ge=1)
    "Subscriptions (busy lamps, presence, waiting messages) of all accounts together."
    subscriptions_per_user: int = Field(default=500, ge=1)
    "Subscriptions to one user."
    message_text_bytes: int = Field(default=8_192, ge=1)
    "Longest text of a MESSAGE [bytes]."
    message_kept: Duration = Field(default=604_800.0, ge=0)
    "A text waits for the callee's phone for this long at most [s]."
    messages_per_user: int = Field(default=100, ge=0)
    "Texts that wait for one user; beyond it senders get 480."
    messages_kept: int = Field(default=20_000, ge=0)
    "Texts that wait, of all accounts together."
    callbacks: int = Field(default=10_000, ge=0)
    "Callbacks that are promised, of all accounts together; beyond it none are."
    callbacks_shown: int = Field(default=1_000, ge=1)
    "Callbacks that are over and still shown; beyond it the oldest are forgotten."
    callback_shown: Duration = Field(default=604_800.0, ge=0)
    "So long a callback that is over is shown [s]."
    voice_messages_per_user: int = Field(default=200, ge=0)
    "Voice messages in one mailbox, heard ones too; beyond it callers are told that it is full."
    tool_calls: int = Field(default=8, ge=1)
    "Tools at work for one AI agent; one more is refused."
    tool_result_bytes: int = Field(default=65_536, ge=256)
    "Longest result of a tool that an agent is given [bytes]."
    challenges_traced: int = Field(default=1_000, ge=0)
    "INVITEs that were challenged, kept for the trace of the call that follows."
    trace_events: int = Field(default=2_000, ge=10)
    "Trace rows kept of one call; the rest is counted."


class MediaLimits(Section):
    """Bounds of the audio plane."""

    legs: int = Field(default=4_096, ge=1)
    "Slots of the engine; with `media.workers` they are dealt out in equal shares."
    full: float | None = Field(default=0.85, gt=0, le=1)
    "Share of a core that live audio takes, at which no new call is taken on; null: each is, come what may."
    voice_batches: int = Field(default=8, ge=1)
    "Batches that wait for Silero; what comes then is judged by the builtin detector alone."
    silence_timeout: Duration = Field(default=30.0, gt=0)
    "A leg that should hear RTP and hears neither that nor RTCP ends its call after this [s]."
    ice_candidates: int = Field(default=32, ge=1)
    "Addresses of one WebRTC peer that are tried."
    ice_timeout: Duration = Field(default=15.0, gt=0)
    "A WebRTC peer that is not found within this ends its call [s]."
    stun_timeout: Duration = Field(default=0.5, gt=0, le=5)
    "A call of a browser waits at most so long for the servers of `media.ice` [s]."
    dtls_timeout: Duration = Field(default=10.0, gt=0)
    "A DTLS handshake that takes longer ends its call [s]."
    agent_queue: Duration = Field(default=60.0, gt=0)
    "Agent audio waiting for playout on one leg [s]; what comes beyond is dropped and counted."
    agent_message_bytes: int = Field(default=1_048_576, ge=4_096)
    "Longest WebSocket message taken from an agent [bytes]."
    agent_write_buffer: int = Field(default=262_144, ge=16_384)
    "Bytes waiting for a slow agent; above it audio to that agent is dropped and counted."
    agent_unread: Duration = Field(default=30.0, gt=0)
    "An agent that we dialled, and that takes nothing of what waits for it for so long, has failed [s]."
    agent_sockets: int = Field(default=1_000, ge=1)
    "Bots that dialled us and wait for calls of one agent; one more is turned away."
    marks: int = Field(default=1_000, ge=1)
    "Marks pending on one agent leg."
    agent_traced: int = Field(default=1_000, ge=0)
    "Text messages of one agent leg that are traced; the rest is counted."
    play_queue: int = Field(default=64, ge=1)
    "Prompts waiting on one leg."
    prompt_seconds: Duration = Field(default=600.0, gt=0)
    "Longest prompt kept in memory [s]."
    prompts: int = Field(default=1_000, ge=1)
    "Prompts kept in memory, least recently used out first."
    prompt_memory: int = Field(default=268_435_456, ge=1_048_576)
    "All prompts in memory together [bytes]; a minute takes about 2 MB, and 4 MB from 16 kHz on."
    prompt_bytes: int = Field(default=134_217_728, ge=65_536)
    "Longest prompt file that is read [bytes]."
    speech_queue: int = Field(default=64, ge=1)
    "Texts waiting to be spoken by offline TTS."
    speech_characters: int = Field(default=4_000, ge=1)
    "Longest text spoken at once."
    speech_deadline: Duration = Field(default=10.0, gt=0)
    "A text must be spoken within this, waiting included [s]."
    digits_queue: int = Field(default=64, ge=1)
    "Digits waiting to be sent on one leg."
    record_seconds: Duration = Field(default=14_400.0, gt=0)
    "Longest recording [s]."
    worker_queue_bytes: int = Field(default=33_554_432, ge=1_048_576)
    "Commands or events waiting between the daemon and one audio worker; beyond it the worker is replaced."
    worker_silence: Duration = Field(default=5.0, ge=1.0)
    "An audio worker whose loop does not turn for so long is killed and replaced [s]."


class FlowLimits(Section):
    """Bounds of call flows."""

    nodes: int = Field(default=1_000, ge=1)
    "Nodes of one flow."
    steps_without_media: int = Field(default=200, ge=1)
    "Nodes passed without anything to hear; then the call hangs up (S004-37)."
    type_ahead: int = Field(default=32, ge=1)
    "Keys pressed while nobody asked, kept for the next menu."
    sessions: int = Field(default=10_000, ge=1)
    "Calls of outside edges stepped over `POST /flow`; beyond it new ones get 503."
    session_idle: Duration = Field(default=3_600.0, gt=0)
    "A call of an outside edge that asks for nothing is forgotten after this [s]."
    variables: int = Field(default=100, ge=1)
    "Variables that an outside edge may set at the start of a call."
    spoken: int = Field(default=2_000, ge=10)
    "Texts with variables whose speech is kept on disk; the oldest give way."
    fetches: int = Field(default=200, ge=1)
    "Webhooks under way at one time; beyond it they fail at once."
    fetch_bytes: int = Field(default=262_144, ge=1_024)
    "Longest answer of a webhook that is read [bytes]."


class Limits(Section):
    """Bounds of everything that a peer can make us hold or do."""

    sip: SipLimits = SipLimits()
    media: MediaLimits = MediaLimits()
    flow: FlowLimits = FlowLimits()
    http: HttpLimits = HttpLimits()
    store: StoreLimits = StoreLimits()


class Nameserver(Section):
    address: Address
    port: Port = 53


class Node(Section):
    """This machine."""

    name: Name = "tandem"
    data: RelativePath = Field(default=Path("data"), validate_default=True)
    "Folder of the database, generated passwords, recordings and the control socket."
    public_address: Literal["auto"] | Address = "auto"
    "What SDP and Contact say to peers outside; auto: the address that faces each peer."
    nameservers: tuple[Nameserver, ...] = Field(default=(), max_length=4)
    "Asked for SIP peers (NAPTR, SRV, A, AAAA), in this order; none: those of the system."


class SipTransport(enum.StrEnum):
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    WS = "ws"
    WSS = "wss"


class SipListener(Section):
    transport: SipTransport
    address: Address = "0.0.0.0"
    port: Port


class HttpListener(Section):
    address: Address = "127.0.0.1"
    port: Port = 8080


def _rtp_range(value: tuple[int, int]) -> tuple[int, int]:
    low, high = value
    if low > high - 1:
        raise refusal("an empty range of ports", "write [lowest, highest], such as [20000, 29999]")
    return value


class RtpListener(Section):
    address: Address = "0.0.0.0"
    ports: Annotated[
        tuple[Annotated[int, Field(ge=1_024, le=65_535)], Annotated[int, Field(ge=1_024, le=65_535)]],
        AfterValidator(_rtp_range),
    ] = (20_000, 29_999)
    "Lowest and highest; a leg takes an even port and the one above."


class Tls(Section):
    """Our certificate; files that change are read again, new connections get the new one."""

    certificate: RelativePath
    "PEM, the chain included."
    key: RelativePath
    ca: RelativePath | None = None
    "PEM of authorities to trust beside the system's: for peers that we dial, and for client certificates."
    verify_client: bool = False
    "Whether whoever connects by TLS or WSS must show a certificate of `ca`."

    @model_validator(mode="after")
    def _verifiable(self) -> "Tls":
        if self.verify_client and self.ca is None:
            raise refusal("verify_client needs ca", "name the file of the authority that signs your phones")
        return self


_PLAIN: Final = (
    SipListener(transport=SipTransport.UDP, port=5060),
    SipListener(transport=SipTransport.TCP, port=5060),
    SipListener(transport=SipTransport.WS, port=5066),
)
_SECURE: Final = (
    SipListener(transport=SipTransport.TLS, port=5061),
    SipListener(transport=SipTransport.WSS, port=5067),
)


class Listen(Section):
    sip: tuple[SipListener, ...] = Field(default=(), max_length=64)
    "Empty: UDP and TCP 5060, WS 5066 and, with a certificate, TLS 5061 and WSS 5067."
    origins: tuple[Origin, ...] = Field(default=(), max_length=1_000)
    "Web pages that may open a SIP WebSocket, such as https://phone.example.com; empty: any."
    http: HttpListener = HttpListener()
    rtp: RtpListener = RtpListener()
    tls: Tls | None = None

    @model_validator(mode="after")
    def _listeners(self) -> "Listen":
        if not self.sip:
            # Frozen for everybody else: the default depends on `tls`.
            object.__setattr__(self, "sip", _PLAIN if self.tls is None else _PLAIN + _SECURE)
        return self


class Models(Section):
    """Neural networks that the operator has put on this machine; read at the start."""

    silero: RelativePath | None = None
    "Silero's `silero_vad.onnx`, version 5 or later, for agents whose barge-in says `vad: silero`."


class Media(Section):
    ice: Ice = Ice()
    workers: int = Field(default=0, ge=0, le=64)
    "Processes that run the audio; 0: the daemon's own loop."
    models: Models = Models()
    store: MediaBucket | None = None
    "Where recordings, messages and prompts are copied to; None: the media folder is all there is."


class Gates(Section):
    """Who may use operator routes."""

    nodes: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    admin_token: str = Field(default="", repr=False)
    "Taken from `X-Admin-Token`; empty: there is none."
    origins: tuple[Origin, ...] = Field(default=(), max_length=1_000)
    "Web pages whose scripts may ask with a user's own token; empty: those that we serve alone."
    trust_from: bool = True
    "An outside edge has proven the From of whoever it asks `/route` for; false: `/auth` must have said so."


class Settings(Section):
    """The whole configuration; hand it down piecewise."""

    node: Node = Field(default=Node(), validate_default=True)
    listen: Listen = Listen()
    media: Media = Media()
    store: str = Field(default="sqlite", pattern=r"^(sqlite|postgresql://.+)$", repr=False)
    "`sqlite` (in the data folder) or `postgresql://…`."
    shared: str | None = Field(default=None, pattern=r"^rediss?://.+$", repr=False)
    "`redis://…`, what a cluster shares; None: a node alone."
    gates: Gates = Gates()
    security: Security = Security()
    observe: Observe = Observe()
    limits: Limits = Limits()
    accounts: tuple[Account, ...] = Field(min_length=1)

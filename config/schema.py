"""Every setting once: typed, with unit and default, refused when unknown (`design.md` §6)."""

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A frozen part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SipLimits(Section):
    """Bounds of the signalling plane: what a peer can make us hold or read."""

    message_bytes: int = Field(65_535, ge=1_300)
    "Longest SIP message, headers and body [bytes]; RFC 3261 §18.1.1 asks for 65,535 on UDP."
    header_bytes: int = Field(16_384, ge=1_024)
    "Longest header section of a message [bytes]."
    header_lines: int = Field(128, ge=16)
    "Header lines of one message."
    contacts_per_aor: int = Field(10, ge=1)
    "Bindings that one address of record may hold."
    bindings: int = Field(200_000, ge=1)
    "Bindings of all accounts together."
    expires_min: int = Field(60, ge=1)
    "Shortest registration granted [s]; shorter ones get 423."
    expires_max: int = Field(3_600, ge=60)
    "Longest registration granted [s]."
    expires_default: int = Field(3_600, ge=60)
    "Registration granted when the phone names none [s]."
    transactions: int = Field(200_000, ge=1_000)
    "Live transactions; above it new requests get 503."
    calls: int = Field(10_000, ge=1)
    "Live calls; above it new ones get 503."
    connections: int = Field(20_000, ge=1)
    "Open SIP stream connections."
    connections_per_source: int = Field(200, ge=1)
    "Open SIP stream connections from one address; trunks and allowed addresses are exempt."
    connection_idle: float = Field(600.0, gt=0)
    "A stream connection without traffic is closed after this [s]."
    connection_buffer: int = Field(1_048_576, ge=65_536)
    "Unsent bytes on one stream connection; above it the connection is closed."
    nonce_life: float = Field(300.0, gt=0)
    "A digest nonce is good for this long [s]; then the answer is a new one with stale=true."
    nonces_tracked: int = Field(100_000, ge=100)
    "Nonces whose use counts are remembered for the replay check."
    ring_timeout: float = Field(60.0, gt=0)
    "An unanswered call to a user or trunk is given up after this [s]."
    call_seconds: float = Field(14_400.0, gt=0)
    "Longest call [s]."
    trace_events: int = Field(2_000, ge=10)
    "Trace rows kept of one call; the rest is counted."


class MediaLimits(Section):
    """Bounds of the audio plane."""

    legs: int = Field(4_096, ge=1)
    "Slots of the engine."
    silence_timeout: float = Field(30.0, gt=0)
    "A leg that should hear RTP and hears none ends its call after this [s]."
    agent_queue: float = Field(60.0, gt=0)
    "Agent audio waiting for playout on one leg [s]; what comes beyond is dropped and counted."
    agent_message_bytes: int = Field(1_048_576, ge=4_096)
    "Longest WebSocket message taken from an agent [bytes]."
    agent_write_buffer: int = Field(262_144, ge=16_384)
    "Bytes waiting for a slow agent; above it audio to that agent is dropped and counted."
    marks: int = Field(1_000, ge=1)
    "Marks pending on one agent leg."
    play_queue: int = Field(64, ge=1)
    "Prompts waiting on one leg."
    prompt_seconds: float = Field(600.0, gt=0)
    "Longest prompt kept in memory [s]."
    prompts: int = Field(1_000, ge=1)
    "Prompts kept in memory, least recently used out first."
    digits_queue: int = Field(64, ge=1)
    "Digits waiting to be sent on one leg."
    record_seconds: float = Field(14_400.0, gt=0)
    "Longest recording [s]."

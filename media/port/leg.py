"""What names a leg, and what both descriptions of its session say of it."""

import enum
from dataclasses import field
from typing import NewType

from config.value import dataclass

LegId = NewType("LegId", str)
RoomId = NewType("RoomId", str)


class Direction(enum.Enum):
    """Which way audio flows, seen from us (RFC 3264 §5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format as negotiated for a leg (RFC 3551, RFC 4733)."""

    name: str
    "Encoding name in lower case: `pcmu`, `pcma`, `g722`, `opus`, `l16`."
    payload_type: int
    "0–127."
    clock_rate: int = 8000
    "RTP clock [Hz]."
    most_bits: int = 0
    "Per second, that its author wants to receive (RFC 7587 §6.1, maxaveragebitrate); 0: as many as we like."
    pauses: bool = False
    "Its author would rather receive nothing while nobody speaks (usedtx)."


@dataclass(frozen=True, slots=True)
class Crypto:
    """Keys of SRTP, agreed on by both descriptions (RFC 4568)."""

    suite: str
    "`AES_CM_128_HMAC_SHA1_80`, `AES_CM_128_HMAC_SHA1_32`, `AEAD_AES_128_GCM` or `AEAD_AES_256_GCM`."
    local: bytes = field(repr=False)
    "Key and salt of what we send."
    remote: bytes = field(repr=False)
    "Of what the peer sends."
    mki: int = 0
    "Length of the master key identifier in each packet of the peer; ours have none [bytes]."


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """What one side's checks are signed with (RFC 8839 §5.4)."""

    ufrag: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where the peer may be reached by UDP (RFC 8839 §5.1)."""

    address: str
    "Numeric."
    port: int
    priority: int


@dataclass(frozen=True, slots=True)
class WebRtc:
    """What both descriptions say of ICE and DTLS (RFC 8839, RFC 8842)."""

    local: IceCredentials
    remote: IceCredentials
    candidates: tuple[Candidate, ...]
    "The peer's; it may have others, which its checks show. Without ICE: its address, then other hosts."
    fingerprints: tuple[tuple[str, str], ...]
    "Of the peer's certificate: (hash function in lower case, hexadecimal with colons)."
    active: bool
    "We begin the DTLS handshake."
    controlling: bool
    "We choose the candidate pair."
    mux: bool = True
    "RTP and RTCP share the port (RFC 5761); else there is no RTCP, whose port would need a DTLS of its own."
    ice: bool = True
    "The peer has it; else the credentials mean nothing."
    reduced: bool = False
    "RTCP may come in packets that begin with no report (RFC 5506)."

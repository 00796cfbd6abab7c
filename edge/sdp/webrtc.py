"""What a section over DTLS says of ICE and DTLS (RFC 8839, RFC 8842, RFC 8122), and how we say it.

One m=audio bundled with nothing (RFC 8843), RTP and RTCP on one port (RFC 5761), the latter of reduced size
where the peer likes (RFC 5506). Of candidates those of
component 1 by UDP with a numeric address count; mDNS names are left to the peer's own checks. Phones that key
SRTP by DTLS without ICE are answered in kind (RFC 5763), and offered it where `srtp: dtls` is set; who does
not mux RTCP has none with us. Declined:
trickling (RFC 8840), header extensions, RTCP feedback, several streams: what is not answered is not used.
"""

import enum
import re
from dataclasses import replace
from typing import Final

from config.value import dataclass
from edge.sdp.description import Description, Line, Media, attributes
from edge.sdp.numeric import numeric
from media.port import Candidate, IceCredentials, WebRtc

PROTOCOLS: Final = frozenset(("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"))
"RFC 5764 §8."
_OF_SRTP: Final = frozenset(("RTP/SAVP", "RTP/SAVPF"))
OFFERED: Final = "UDP/TLS/RTP/SAVPF"
"To browsers."
STREAM: Final = "msid:tandem audio"
"Under which a browser's page finds our audio (RFC 8830)."
MID: Final = "0"
"Of our offers."

_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID: Final = re.compile(r"[!-~]{1,64}")
_FINGERPRINT: Final = re.compile(r"([A-Za-z0-9-]{1,16}) +([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63})")
_HOST_PRIORITY: Final = (126 << 24) | (65_535 << 8) | 255
_REFLEXIVE_PRIORITY: Final = (100 << 24) | (65_535 << 8) | 255
_CANDIDATES: Final = 64
_FINGERPRINTS: Final = 16


class Setup(enum.Enum):
    """Who begins the DTLS handshake (RFC 4145 §4, RFC 8842 §5.3)."""

    ACTPASS = "actpass"
    ACTIVE = "active"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class Side:
    """Our own, of one leg."""

    credentials: IceCredentials
    fingerprint: str
    "As in `a=fingerprint`."
    controlling: bool | None = None
    "None: nothing has been agreed on."
    active: bool | None = None
    "The same."
    reflexive: tuple[tuple[str, int], ...] = ()
    "Where a STUN server saw our port."
    ice: bool = True
    mux: bool = True
    reduced: bool = True
    "All three as the peer has it; `reduced`: RTCP of reduced size (RFC 5506)."

    @property
    def protocol(self) -> str:
        """Of our offers: phones without ICE give no feedback either."""
        return OFFERED if self.ice else "UDP/TLS/RTP/SAVP"


@dataclass(frozen=True, slots=True)
class Peer:
    """The author of a section."""

    credentials: IceCredentials
    fingerprints: tuple[tuple[str, str], ...]
    setup: Setup
    candidates: tuple[Candidate, ...]
    "Without ICE: where it is."
    lite: bool
    mux: bool = True
    reduced: bool = False

    @property
    def ice(self) -> bool:
        return bool(self.credentials.ufrag)


def keyed(description: Description, media: Media) -> bool:
    """Whether it is over DTLS: as it says, or by what it has where it says SRTP alone (RFC 8829 §5.1.2)."""
    protocol = media.protocol.upper()
    if protocol not in _OF_SRTP:
        return protocol in PROTOCOLS
    if media.attribute("crypto") is not None:
        return False
    said = (media.lines, description.lines)
    return any(next(attributes(lines, "fingerprint"), None) is not None for lines in said)


def read(description: Description, media: Media) -> Peer | str:
    """The peer, or what is missing."""

    def said(name: str) -> str:
        value = media.attribute(name)
        return (next(attributes(description.lines, name), "") if value is None else value) or ""

    credentials = IceCredentials(said("ice-ufrag"), said("ice-pwd"))
    ice = bool(credentials.ufrag or credentials.password)
    if ice and not (_UFRAG.fullmatch(credentials.ufrag) and _PASSWORD.fullmatch(credentials.password)):
        return "ICE needs a=ice-ufrag and a=ice-pwd"
    lines = media.lines if media.attribute("fingerprint") is not None else description.lines
    fingerprints: list[tuple[str, str]] = []
    for value in attributes(lines, "fingerprint"):
        match = _FINGERPRINT.fullmatch(value)
        if match is not None and len(fingerprints) < _FINGERPRINTS:
            fingerprints.append((match[1].lower(), match[2].upper()))
    if not fingerprints:
        return "DTLS needs a=fingerprint"
    try:
        setup = Setup(said("setup") or "actpass")
    except ValueError:
        return "a=setup is none of actpass, active and passive"
    lite = next(attributes(description.lines, "ice-lite"), None) is not None
    candidates = _candidates(media) if ice else _address(description, media)
    mux = media.attribute("rtcp-mux") is not None
    reduced = media.attribute("rtcp-rsize") is not None
    return Peer(credentials, tuple(fingerprints), setup, candidates, lite, mux, reduced)


def answered(theirs: Peer, ours: Side) -> WebRtc:
    """Their offer, our answer. Without ICE they begin: we may not reach them through their NAT."""
    ready = theirs.ice if ours.active is None else ours.active
    active = ready if theirs.setup is Setup.ACTPASS else theirs.setup is Setup.PASSIVE
    return _agreed(theirs, ours.credentials, active=active, controlling=bool(ours.controlling))


def accepted(theirs: Peer, ours: Peer, *, controlling: bool) -> WebRtc | str:
    """Our offer, their answer; or why it is none."""
    if theirs.setup is Setup.ACTPASS:
        return "the answer leaves open who begins DTLS"
    active = theirs.setup is Setup.PASSIVE
    agreed = _agreed(theirs, ours.credentials, active=active, controlling=controlling)
    # What we have not offered is no answer to anything.
    return replace(agreed, ice=theirs.ice and ours.ice, reduced=theirs.reduced and ours.reduced)


def perhaps_at(agreed: WebRtc, host: str) -> WebRtc:
    """A peer without ICE may be behind a NAT, where its signalling comes from; empty: not known."""
    if agreed.ice or not host:
        return agreed
    return replace(agreed, candidates=(*agreed.candidates, Candidate(host, 0, 0)))


def restarts(description: Description, before: IceCredentials) -> bool:
    """Whether an offer wants ICE anew (RFC 8839 §4.4.1.1.1)."""
    for media in description.media:
        if media.port and keyed(description, media):
            peer = read(description, media)
            return isinstance(peer, Peer) and peer.credentials != before
    return False


def is_offered(description: Description) -> bool:
    """Whether the first live audio is of a browser."""
    live = (media for media in description.media if media.kind.lower() == "audio" and media.port)
    first = next(live, None)
    return first is not None and keyed(description, first)


def lines(ours: Side, setup: Setup, address: str, port: int, mid: str) -> tuple[Line, ...]:
    """Ours, of the section."""
    candidates = [f"candidate:1 1 udp {_HOST_PRIORITY} {address} {port} typ host"]
    candidates += [
        f"candidate:2 1 udp {_REFLEXIVE_PRIORITY} {host} {seen} typ srflx raddr {address} rport {port}"
        for host, seen in ours.reflexive
    ]
    credentials = (f"ice-ufrag:{ours.credentials.ufrag}", f"ice-pwd:{ours.credentials.password}")
    values = (
        *((f"mid:{mid}", *credentials) if ours.ice else ()),
        f"fingerprint:{ours.fingerprint}",
        f"setup:{setup.value}",
        *(("rtcp-mux",) if ours.mux else ()),
        *(("rtcp-rsize",) if ours.reduced and ours.ice else ()),
        *((STREAM, *candidates, "end-of-candidates") if ours.ice else ()),
    )
    return tuple(("a", value) for value in values)


def setup_of(agreed: WebRtc) -> Setup:
    """Of our answer."""
    return Setup.ACTIVE if agreed.active else Setup.PASSIVE


def mid_of(media: Media) -> str:
    """The section's name; our own where it has none that can be repeated."""
    mid = media.attribute("mid") or ""
    return mid if _MID.fullmatch(mid) else MID


def bundle(ours: Side, mid: str) -> tuple[Line, ...]:
    """One section alone: RTCP, ICE and DTLS need no other."""
    return (("a", f"group:BUNDLE {mid}"),) if ours.ice else ()


def _agreed(theirs: Peer, credentials: IceCredentials, *, active: bool, controlling: bool) -> WebRtc:
    return WebRtc(
        local=credentials,
        remote=theirs.credentials,
        candidates=theirs.candidates,
        fingerprints=theirs.fingerprints,
        active=active,
        # A lite agent checks nothing, so the other one decides (RFC 8445 §6.1.1).
        controlling=controlling or theirs.lite,
        mux=theirs.mux,
        ice=theirs.ice,
        reduced=theirs.reduced and theirs.ice,
    )


def _candidates(media: Media) -> tuple[Candidate, ...]:
    found: list[Candidate] = []
    for count, value in enumerate(attributes(media.lines, "candidate")):
        if count == _CANDIDATES:
            break
        candidate = _candidate(value)
        if candidate is not None and candidate not in found:
            found.append(candidate)
    return tuple(found)


def _address(description: Description, media: Media) -> tuple[Candidate, ...]:
    """Of a peer without ICE; a name is not looked up: its handshake shows where it is."""
    connection = description.connection(media)
    host = None if connection is None else numeric(*connection)
    return () if host is None else (Candidate(host, media.port, 0),)


def _candidate(value: str) -> Candidate | None:
    """`foundation component transport priority address port typ …` (RFC 8839 §5.1)."""
    fields = value.split()
    if len(fields) < 8 or fields[1] != "1" or fields[2].lower() != "udp" or fields[6] != "typ":
        return None
    priority, address, port = fields[3:6]
    host = numeric("IP6" if ":" in address else "IP4", address)
    if host is None or not (_is_number(priority, 10) and _is_number(port, 5)):
        return None
    if not 0 < int(port) <= 65_535 or not 0 < int(priority) < 1 << 32:
        return None
    return Candidate(host, int(port), int(priority))


def _is_number(text: str, digits: int) -> bool:
    return 0 < len(text) <= digits and text.isascii() and text.isdigit()

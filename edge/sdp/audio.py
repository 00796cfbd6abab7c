"""What an m=audio section says of the peer that wrote it (RFC 3551, RFC 4733, RFC 3605).

Formats that cannot be read are left out, and so is Opus where no packet may hold 20 ms of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias

from config.value import dataclass
from edge.sdp import crypto, webrtc
from edge.sdp.crypto import CryptoLine
from edge.sdp.description import Description, Line, Media, by_name
from edge.sdp.numeric import host_name, numeric
from edge.sdp.webrtc import Peer
from media.port import Codec, Direction

STATIC: Final = {
    "0": Codec("pcmu", 0),
    "3": Codec("gsm", 3),
    "4": Codec("g723", 4),
    "8": Codec("pcma", 8),
    "9": Codec("g722", 9),
    "15": Codec("g728", 15),
    "18": Codec("g729", 18),
}
"Formats that need no rtpmap (RFC 3551 §6)."

PLAIN: Final = frozenset(("RTP/AVP", "RTP/AVPF"))
SECURE: Final = frozenset(("RTP/SAVP", "RTP/SAVPF"))
"RFC 3711 §12, RFC 5124."

PACKET_TIMES: Final = (10, 20, 30, 40, 50, 60)
"That we can make and take [ms]."

OPUS_BITS: Final = range(6_000, 510_001)
"Per second (RFC 7587 §3.1.1)."

Said: TypeAlias = Mapping[str, Sequence[str]]
"Attributes of a section: name → values, in their order."

_Terms: TypeAlias = tuple[Said, tuple[Codec, ...], dict[int, int], Direction | None]
_FLASH: Final = 16

_DIRECTIONS: Final = {direction.value: direction for direction in Direction}
_UNSET: Final = frozenset(("0.0.0.0", "::"))
_OPUS_FRAME_MS: Final = 20
_LONGEST_SECTION: Final = 1_024  # that is worth remembering
_LONGEST_ENCODING: Final = 64  # no codec that we know comes near it


@dataclass(frozen=True, slots=True)
class NotAcceptable:
    """There is nothing in common; the request gets 488."""

    why: str
    warning: int
    "Code for the Warning header (RFC 3261 §20.43): 300–305 or 399."


@dataclass(frozen=True, slots=True)
class Audio:
    """One usable section, as its author sees it."""

    remote: tuple[str, int]
    codecs: tuple[Codec, ...]
    "In the author's order, telephone-event left out."
    events: dict[int, int]
    "Clock rate [Hz] → payload type of telephone-event."
    flash: bool
    "Its author reads event 16, which must be named (RFC 4733 §2.4.1, §3.2)."
    direction: Direction
    hold: bool
    "The author does not want to hear us: sendonly, inactive or an unset address (RFC 2543)."
    ptime_ms: int
    "Packet time that the author wishes to receive, or puts up with; one of `PACKET_TIMES`."
    rtcp: tuple[str, int] | None
    "None: `remote` with port + 1."
    secure: bool = False
    "SRTP is all that the author speaks."
    crypto: tuple[CryptoLine, ...] = ()
    "In the author's order; beside plain RTP too (a best-effort offer)."
    crypto_fault: str = ""
    "Why none of its lines can be used, if there are any."
    webrtc: Peer | None = None
    "Of a browser; then `remote` and `rtcp` mean nothing."
    name: str = ""
    "Of the author's host, if it gives no address; `remote` is unset then (RFC 8866 §5.7)."


def read(description: Description, media: Media, ptime_ms: int = 20) -> Audio | NotAcceptable:
    """Args: ptime_ms: what an author is sent that wishes for nothing."""
    if media.kind.lower() != "audio":
        return NotAcceptable(f"no use for {media.kind} streams", 304)
    if media.port == 0:
        return NotAcceptable("the audio stream has port 0", 304)
    protocol = media.protocol.upper()
    if webrtc.keyed(description, media):
        return _browser(description, media, ptime_ms)
    if protocol not in PLAIN | SECURE:
        return NotAcceptable(f"audio over {media.protocol} is not supported", 302)
    connection = description.connection(media)
    if connection is None:
        return NotAcceptable("no c= line holds for the audio stream", 301)
    host = numeric(*connection)
    name = host_name(*connection) if host is None else ""
    if host is None and not name:
        return NotAcceptable(f"cannot send to {' '.join(connection)}", 301)
    host = host or ("::" if connection[0] == "IP6" else "0.0.0.0")
    if name.endswith(".invalid"):  # the way of IPv6 to say 0.0.0.0 (RFC 3264 §8.4)
        name = ""
    said, codecs, events, told = _terms(media)
    direction = told or _direction(description.lines) or Direction.SENDRECV
    if host in _UNSET and not name:
        direction = compose(sends=speaks(direction), receives=False)
    keys = crypto.read(said["crypto"]) if "crypto" in said else ()
    return Audio(
        remote=(host, media.port),
        codecs=codecs,
        events=events,
        flash=bool(events) and _reads(_FLASH, events, said.get("fmtp", ())),
        direction=direction,
        hold=not hears(direction),
        ptime_ms=_packet_time(said, ptime_ms),
        rtcp=None if name else _rtcp(media, said, host),
        secure=protocol in SECURE,
        crypto=keys,
        crypto_fault="" if keys or "crypto" not in said else crypto.fault(said["crypto"]),
        name=name,
    )


def _browser(description: Description, media: Media, ptime_ms: int) -> Audio | NotAcceptable:
    peer = webrtc.read(description, media)
    if isinstance(peer, str):
        return NotAcceptable(peer, 399)
    said, codecs, events, told = _terms(media)
    direction = told or _direction(description.lines) or Direction.SENDRECV
    # The address is of no account before ICE: browsers write 0.0.0.0 and port 9 (RFC 8839 §4.3.1).
    return Audio(
        remote=("0.0.0.0", media.port),
        codecs=codecs,
        events=events,
        flash=bool(events) and _reads(_FLASH, events, said.get("fmtp", ())),
        direction=direction,
        hold=not hears(direction),
        ptime_ms=_packet_time(said, ptime_ms),
        rtcp=None,
        secure=True,
        webrtc=peer,
    )


def speaks(direction: Direction) -> bool:
    return direction is Direction.SENDRECV or direction is Direction.SENDONLY


def hears(direction: Direction) -> bool:
    return direction is Direction.SENDRECV or direction is Direction.RECVONLY


def compose(*, sends: bool, receives: bool) -> Direction:
    if sends:
        return Direction.SENDRECV if receives else Direction.SENDONLY
    return Direction.RECVONLY if receives else Direction.INACTIVE


def _bears_opus(said: Said) -> bool:
    """Our packets of Opus hold frames of 20 ms, which `maxptime` may forbid; `ptime` is but a wish."""
    return not 0 < _milliseconds(said, "maxptime") < _OPUS_FRAME_MS


def _terms(media: Media) -> _Terms:
    """Attributes, codecs, events and direction of a section."""
    few = sum([len(value) for _, value in media.lines]) <= _LONGEST_SECTION
    return (_remembered if few else _read)(media.formats, media.lines)


def _read(formats: tuple[str, ...], lines: tuple[Line, ...]) -> _Terms:
    said = by_name(lines)
    return said, *_formats(formats, said), _direction(lines)


# The same in every call of one phone or carrier, for the most part, and in every offer of ours.
_remembered = lru_cache(maxsize=1_024)(_read)


def _formats(formats: tuple[str, ...], said: Said) -> tuple[tuple[Codec, ...], dict[int, int]]:
    """A format that cannot be read is one that we do not know: it is left out."""
    maps: dict[str, str] = {}
    for value in said.get("rtpmap", ()):
        payload_type, _, encoding = value.partition(" ")
        maps.setdefault(payload_type, encoding)
    codecs: list[Codec] = []
    events: dict[int, int] = {}
    for text in dict.fromkeys(formats):
        mapped = maps.get(text)
        if mapped is None:
            codec = STATIC.get(text)
        else:  # what is too long to mean anything may not fill the memo either
            codec = _codec(text, mapped) if len(text) <= 3 and len(mapped) <= _LONGEST_ENCODING else None
        if codec is None:
            continue
        if codec.name == "opus" and "fmtp" in said:
            codec = _wished(codec, said["fmtp"])
        if codec.name == "opus" and not _bears_opus(said):
            continue
        if codec.name == "telephone-event":
            events.setdefault(codec.clock_rate, codec.payload_type)
        else:
            codecs.append(codec)
    return tuple(codecs), events


@lru_cache(maxsize=1024)
def _codec(payload_type: str, encoding: str) -> Codec | None:
    """Of `96` and `opus/48000/2`."""
    name, _, rest = encoding.strip(" ").lower().partition("/")
    rate, _, channels = rest.partition("/")
    if not (_is_number(payload_type, 3) and _is_number(rate, 6)) or int(payload_type) > 127:
        return None
    if channels not in ("", "1") and name != "opus":
        return None
    return Codec(name, int(payload_type), int(rate)) if name and int(rate) else None


def _wished(codec: Codec, terms: Sequence[str]) -> Codec:
    """What who receives this Opus asks of us (RFC 7587 §6.1, §7)."""
    for value in terms:
        payload_type, _, parameters = value.partition(" ")
        if payload_type != str(codec.payload_type):
            continue
        pairs = (each.partition("=") for each in parameters.split(";"))
        wishes = {name.strip(" ").lower(): wish.strip(" ") for name, _, wish in pairs}
        bits = wishes.get("maxaveragebitrate", "")
        most = int(bits) if _is_number(bits, 6) and int(bits) in OPUS_BITS else 0
        return replace(codec, most_bits=most, pauses=wishes.get("usedtx") == "1")
    return codec


def _reads(event: int, events: Mapping[int, int], terms: Sequence[str]) -> bool:
    """Whether a list such as `0-15,66`, of each of these telephone-events, holds one."""
    numbers = {str(number) for number in events.values()}
    lists = [listed for number, _, listed in (value.partition(" ") for value in terms) if number in numbers]
    return bool(lists) and all(_holds(listed.strip(" ").removeprefix("events="), event) for listed in lists)


def _holds(listed: str, event: int) -> bool:
    for part in listed.split(","):
        first, dash, last = part.strip(" ").partition("-")
        last = last if dash else first
        if _is_number(first, 3) and _is_number(last, 3) and int(first) <= event <= int(last):
            return True
    return False


def _is_number(text: str, digits: int) -> bool:
    return 0 < len(text) <= digits and text.isascii() and text.isdigit()


def _direction(lines: tuple[Line, ...]) -> Direction | None:
    for kind, value in lines:
        if kind == "a" and value in _DIRECTIONS:
            return _DIRECTIONS[value]
    return None


def _packet_time(said: Said, otherwise: int) -> int:
    """The longest that we can make within ptime and maxptime (RFC 8866 §6.4, §6.5); 10 at least."""
    wish, most = _milliseconds(said, "ptime") or otherwise, _milliseconds(said, "maxptime")
    bound = min(wish, most) if most else wish
    # 10, 20 … 60: the tens of the bound, where they are among them.
    return min(max(bound // 10 * 10, PACKET_TIMES[0]), PACKET_TIMES[-1])


def _milliseconds(said: Said, name: str) -> int:
    """0 when it is absent or makes no sense; fractions, as of codecs with odd packet times, are cut."""
    if name not in said:
        return 0
    whole = said[name][0].partition(".")[0]
    return int(whole) if _is_number(whole, 4) else 0


def _rtcp(media: Media, said: Said, host: str) -> tuple[str, int] | None:
    """RFC 3605 §2.1: `port` or `port IN IP4 address`; one that cannot be read is passed over."""
    if "rtcp" not in said:
        return None
    port, _, where = said["rtcp"][0].partition(" ")
    if not _is_number(port, 5) or not 0 < int(port) <= 65_535:
        return None
    if where:
        fields = where.split(" ")
        address = numeric(fields[1].upper(), fields[2]) if len(fields) == 3 else None
        if address is None:
            return None
        host = address
    return None if int(port) == media.port + 1 and not where else (host, int(port))

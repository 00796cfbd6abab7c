"""Offer and answer for one audio stream (RFC 3264), in the values that `media.port.Connect` takes.

::

    offer(local)              ─▶ Description ─▶ peer ─▶ accept(our offer, their answer) ─▶ Negotiated
    peer ─▶ their offer ─▶ answer(their offer, local) ─▶ Negotiated, with our Description

Of several streams the first usable audio is taken; all others are refused in place with
port 0. Declined: SRTP (RFC 3711), rtcp-mux (RFC 5761; not answering it is the refusal),
grouping (RFC 5888), ICE (RFC 8839): their attributes are passed over.
"""

from dataclasses import dataclass, replace

from edge.sdp.audio import Audio, NotAcceptable, compose, hears, read, speaks
from edge.sdp.description import Description, Line, Media
from media.port import Codec, Direction


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of the stream."""

    address: str
    "Numeric, IPv4 or IPv6, as the peer must see it."
    port: int
    codecs: tuple[Codec, ...]
    "In our preference; the payload types are those of our offers."
    session_id: int
    version: int = 1
    "Of the first description; with `previous` the next one is counted from that."
    dtmf: int | None = 101
    "Payload type of telephone-event in our offers; None: neither offered nor accepted."
    direction: Direction = Direction.SENDRECV
    "What we wish; the peer's may leave less."


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both agreed on, seen from us."""

    description: Description | None
    "Our answer; None from `accept`."
    remote: tuple[str, int]
    "The address may be unset (`0.0.0.0`, `::`); then `direction` never sends."
    codec: Codec
    "What we send, under the peer's payload type."
    accept: tuple[Codec, ...]
    "What we may receive, `codec` among it."
    dtmf: int | None
    direction: Direction
    ptime_ms: int
    rtcp: tuple[str, int] | None
    hold: bool
    "The peer has put us on hold."


def offer(local: Local, previous: Description | None = None) -> Description:
    """Our offer; `previous` is the last description that we sent in this dialog, if any.

    A re-offer keeps the place of every stream, session id, and the version too unless
    something changed (§8).
    """
    section = _section(local, local.codecs, local.dtmf, local.direction, "RTP/AVP")
    if previous is None:
        return Description(_session(local, local.version, (("t", "0 0"),)), (section,))
    place = _place(previous)
    media = [_refusal(old) for old in previous.media]
    if place is None:
        media.append(section)
    else:
        media[place] = replace(section, protocol=previous.media[place].protocol)
    return _revise(local, media, _times(previous), previous)


def answer(
    offered: Description, local: Local, previous: Description | None = None
) -> Negotiated | NotAcceptable:
    """Our answer to `offered`; `previous` as for `offer`."""
    refused: NotAcceptable | None = None
    for place, media in enumerate(offered.media):
        agreed = _agree(offered, media, local)
        if isinstance(agreed, NotAcceptable):
            if refused is None or media.kind.lower() == "audio":
                refused = agreed
            continue
        streams = [_refusal(other) for other in offered.media]
        streams[place] = _section(local, agreed.accept, agreed.dtmf, agreed.direction, media.protocol)
        return replace(agreed, description=_revise(local, streams, _times(offered), previous))
    return refused or NotAcceptable("no stream is offered", 304)


def accept(offered: Description, answered: Description) -> Negotiated | NotAcceptable:
    """What `answered`, the peer's answer to `offered`, our offer, amounts to."""
    place = _place(offered)
    assert place is not None, "our offers hold an audio stream"
    if place >= len(answered.media):
        return NotAcceptable("the answer lacks our audio stream", 304)
    ours, theirs = read(offered, offered.media[place]), read(answered, answered.media[place])
    assert isinstance(ours, Audio), "our own audio stream is usable"
    if isinstance(theirs, NotAcceptable):
        return theirs
    if _family(ours.remote[0]) != _family(theirs.remote[0]):
        return NotAcceptable("the answer is of another address family", 300)
    known = {(codec.name, codec.clock_rate) for codec in ours.codecs}
    codec = next((codec for codec in theirs.codecs if (codec.name, codec.clock_rate) in known), None)
    if codec is None:
        return NotAcceptable("the answer has none of the codecs offered", 305)
    # All that we offered stays welcome: §6.1 lets us cease listening, and some peers send what they
    # did not answer. A dynamic number of theirs is added where it is free among ours.
    welcome = ours.codecs
    if codec not in welcome and all(own.payload_type != codec.payload_type for own in welcome):
        welcome = (*welcome, codec)
    return Negotiated(
        description=None,
        remote=theirs.remote,
        codec=codec,
        accept=welcome,
        dtmf=theirs.events.get(codec.clock_rate) if ours.events else None,
        direction=_meet(ours.direction, theirs.direction),
        ptime_ms=theirs.ptime_ms,
        rtcp=theirs.rtcp,
        hold=theirs.hold,
    )


def _agree(offered: Description, media: Media, local: Local) -> Negotiated | NotAcceptable:
    theirs = read(offered, media)
    if isinstance(theirs, NotAcceptable):
        return theirs
    if _family(local.address) != _family(theirs.remote[0]):
        return NotAcceptable("the stream is of another address family", 300)
    known = {(codec.name, codec.clock_rate) for codec in local.codecs}
    common = tuple(codec for codec in theirs.codecs if (codec.name, codec.clock_rate) in known)
    if not common:
        return NotAcceptable("none of the codecs offered is known", 305)
    codec = common[0]  # §6.1: the offerer's order
    return Negotiated(
        description=None,
        remote=theirs.remote,
        codec=codec,
        accept=common,
        dtmf=None if local.dtmf is None else theirs.events.get(codec.clock_rate),
        direction=_meet(local.direction, theirs.direction),
        ptime_ms=theirs.ptime_ms,
        rtcp=theirs.rtcp,
        hold=theirs.hold,
    )


def _meet(ours: Direction, theirs: Direction) -> Direction:
    """§6.1: we send what they hear, and hear what they send."""
    return compose(sends=speaks(ours) and hears(theirs), receives=hears(ours) and speaks(theirs))


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _place(description: Description) -> int | None:
    """Index of the live audio stream among the sections of a description of ours."""
    for place, media in enumerate(description.media):
        if media.kind.lower() == "audio" and media.port:
            return place
    return None


def _refusal(media: Media) -> Media:
    return Media(media.kind, 0, media.protocol, media.formats)


def _times(description: Description) -> tuple[Line, ...]:
    """The t= lines, which an answer repeats (§6)."""
    return tuple(line for line in description.lines if line[0] == "t") or (("t", "0 0"),)


def _session(local: Local, version: int, times: tuple[Line, ...]) -> tuple[Line, ...]:
    where = f"IN {_family(local.address)} {local.address}"
    return (
        ("v", "0"),
        ("o", f"- {local.session_id} {version} {where}"),
        ("s", "-"),
        ("c", where),
        *times,
    )


def _revise(
    local: Local, media: list[Media], times: tuple[Line, ...], previous: Description | None
) -> Description:
    """The version grows by one when anything but itself has changed (§5, §8)."""
    version = local.version if previous is None else int(previous.session[1])
    description = Description(_session(local, version, times), tuple(media))
    if previous is None or description == previous:
        return description
    return Description(_session(local, version + 1, times), tuple(media))


def _section(
    local: Local, codecs: tuple[Codec, ...], dtmf: int | None, direction: Direction, protocol: str
) -> Media:
    formats = [str(codec.payload_type) for codec in codecs]
    lines: list[Line] = [("a", f"rtpmap:{codec.payload_type} {_encoding(codec)}") for codec in codecs]
    if dtmf is not None:
        formats.append(str(dtmf))
        lines.append(("a", f"rtpmap:{dtmf} telephone-event/{codecs[0].clock_rate}"))
        lines.append(("a", f"fmtp:{dtmf} 0-15"))
    lines.append(("a", "ptime:20"))
    lines.append(("a", direction.value))
    return Media("audio", local.port, protocol, tuple(formats), tuple(lines))


def _encoding(codec: Codec) -> str:
    if codec.name == "opus":
        return f"opus/{codec.clock_rate}/2"  # RFC 7587 §7: always two channels
    return f"{codec.name.upper()}/{codec.clock_rate}"

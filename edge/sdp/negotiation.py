"""Offer and answer for one audio stream (RFC 3264), in the values that `media.port.Connect` takes.

::

    offer(local)              ─▶ Description ─▶ peer ─▶ accept(our offer, their answer) ─▶ Negotiated
    peer ─▶ their offer ─▶ answer(their offer, local) ─▶ Negotiated, with our Description

Of several streams the first usable audio is taken; all others are refused in place with port 0. An offer
of no stream at all begins a session without sound (RFC 3264 §5, RFC 3725 §4.4), as one that takes back all
streams leaves it (§8.2). SRTP is keyed by a=crypto (RFC 4568), whether the protocol is RTP/SAVP or, best
effort, RTP/AVP, or by DTLS with a browser (`webrtc.py`). Declined, except with browsers: rtcp-mux (RFC 5761;
not answering it is the refusal), rtcp-rsize (RFC 5506, likewise), grouping (RFC 5888), ICE (RFC 8839): their
attributes are passed over.
"""

from dataclasses import replace

from config.value import dataclass
from edge.sdp import webrtc
from edge.sdp.audio import Audio, NotAcceptable, compose, hears, read, speaks
from edge.sdp.crypto import OFFERED, CryptoLine, Srtp
from edge.sdp.description import Description, Line, Media
from edge.sdp.local import Local, family_of
from edge.sdp.webrtc import Setup
from media.port import Codec, Crypto, Direction, WebRtc


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both agreed on, seen from us."""

    description: Description | None
    "Our answer; None from `accept`."
    remote: tuple[str, int]
    """The address may be unset (`0.0.0.0`, `::`); then `direction` never sends, unless there is a `name`.
    Port 0: there is no stream."""
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
    dtmf_clock: int = 8000
    "Of `dtmf` [Hz]."
    crypto: Crypto | None = None
    "None: plain RTP, or keys by DTLS."
    webrtc: WebRtc | None = None
    events: tuple[tuple[int, int], ...] = ()
    "Payload type and clock of every telephone-event that may come: browsers choose for themselves."
    name: str = ""
    "Host that the peer names instead of an address: until it is found, we send where its audio comes from."
    flash: bool = False
    "The peer reads event 16 of `dtmf`."


def offer(local: Local, previous: Description | None = None) -> Description:
    """Our offer; `previous` is the last description that we sent in this dialog, if any.

    A re-offer keeps the place of every stream, session id, and the version too unless
    something changed (§8).
    """
    protocol = "RTP/SAVP" if local.srtp is Srtp.REQUIRED else "RTP/AVP"
    place = None if previous is None else _place(previous)
    lines: tuple[Line, ...] = ()
    group: tuple[Line, ...] = ()
    if local.webrtc is not None:
        protocol = local.webrtc.protocol
        mid = webrtc.MID if previous is None or place is None else webrtc.mid_of(previous.media[place])
        lines = webrtc.lines(local.webrtc, Setup.ACTPASS, local.address, local.port, mid)
        group = webrtc.bundle(local.webrtc, mid)
    elif local.srtp in (Srtp.OFFERED, Srtp.REQUIRED):
        assert local.key is not None, "SRTP needs keys"
        offered = (CryptoLine(tag, suite, local.key(suite)) for tag, suite in enumerate(OFFERED, 1))
        lines = tuple(("a", f"crypto:{line}") for line in offered)
    section = local.section(local.codecs, local.offered_events(), local.direction, protocol, lines)
    if previous is None:
        return local.describe((section,), (("t", "0 0"), *group))
    media = [_refusal(old) for old in previous.media]
    freed = next((at for at, old in enumerate(media) if old.kind.lower() == "audio"), None)
    if place is None and freed is not None:
        media[freed] = section  # §8.1: the place of a stream that is no more may be used again
    elif place is None:
        media.append(section)
    else:
        media[place] = replace(section, protocol=previous.media[place].protocol)
    return local.describe(media, (*_times(previous), *group), previous)


def prospect(offered: Description, local: Local) -> Codec | None:
    """The codec of our `answer` to `offered`; None: there will be none."""
    heard = (read(offered, media, local.ptime_ms) for media in offered.media)
    agreed = (_agree(theirs, local) for theirs in heard if isinstance(theirs, Audio))
    return next((each.codec for each in agreed if isinstance(each, Negotiated)), None)


def answer(
    offered: Description, local: Local, previous: Description | None = None
) -> Negotiated | NotAcceptable:
    """Our answer to `offered`; `previous` as for `offer`."""
    if previous is not None and len(offered.media) < len(previous.media):
        return NotAcceptable("a stream of before is left out: refuse it by port 0 in its place", 399)  # §8
    if not offered.media or (previous is not None and local.webrtc is None and not offered.live):
        return _silence(offered, local, previous)
    refused: NotAcceptable | None = None
    for place, media in enumerate(offered.media):
        theirs = read(offered, media, local.ptime_ms)
        agreed = theirs if isinstance(theirs, NotAcceptable) else _agree(theirs, local)
        if isinstance(agreed, NotAcceptable):
            if refused is None or media.kind.lower() == "audio":
                refused = agreed
            continue
        assert isinstance(theirs, Audio), "what is agreed on can be read"
        streams = [_refusal(other) for other in offered.media]
        chosen = _chosen(theirs, local)
        lines: tuple[Line, ...] = ()
        group: tuple[Line, ...] = ()
        if agreed.webrtc is not None and local.webrtc is not None:
            mid = webrtc.mid_of(media)
            dtls = agreed.webrtc
            side = replace(
                local.webrtc, credentials=dtls.local, ice=dtls.ice, mux=dtls.mux, reduced=dtls.reduced
            )
            lines = webrtc.lines(side, webrtc.setup_of(agreed.webrtc), local.address, local.port, mid)
            group = webrtc.bundle(side, mid)
        elif chosen and agreed.crypto:
            lines = (("a", f"crypto:{replace(chosen, key=agreed.crypto.local)}"),)
        events = _common_events(theirs, agreed.accept) if local.dtmf is not None else {}
        streams[place] = local.section(agreed.accept, events, agreed.direction, media.protocol, lines)
        times = (*_times(offered), *group)
        heard = tuple((number, clock) for clock, number in events.items())
        return replace(agreed, description=local.describe(streams, times, previous), events=heard)
    assert refused is not None, "there is a stream, and none of them is usable"
    return refused


def accept(
    offered: Description, answered: Description, *, controlling: bool = True
) -> Negotiated | NotAcceptable:
    """What `answered`, the peer's answer to `offered`, our offer, amounts to.

    Args:
        controlling: our role in ICE, which the first offer of a leg has decided.
    """
    place = _place(offered)
    assert place is not None, "our offers hold an audio stream"
    if place >= len(answered.media):
        return NotAcceptable("the answer lacks our audio stream", 304)
    ours = read(offered, offered.media[place])
    assert isinstance(ours, Audio), "our own audio stream is usable"
    theirs = read(answered, answered.media[place], ours.ptime_ms)
    if isinstance(theirs, NotAcceptable):
        return theirs
    web: WebRtc | None = None
    if ours.webrtc is not None and theirs.webrtc is not None:
        agreed = webrtc.accepted(theirs.webrtc, ours.webrtc, controlling=controlling)
        if isinstance(agreed, str):
            return NotAcceptable(agreed, 399)
        web = agreed
    elif ours.webrtc is not theirs.webrtc:
        return NotAcceptable("the answer is of another protocol than the offer", 302)
    elif family_of(ours.remote[0]) != family_of(theirs.remote[0]):
        return NotAcceptable("the answer is of another address family", 300)
    known = {(codec.name, codec.clock_rate) for codec in ours.codecs}
    codec = next((codec for codec in theirs.codecs if (codec.name, codec.clock_rate) in known), None)
    if codec is None:
        return NotAcceptable("the answer has none of the codecs offered", 305)
    ours_by_tag = {line.tag: line for line in ours.crypto}
    crypto: Crypto | None = None
    for line in theirs.crypto[:1]:
        own = ours_by_tag.get(line.tag)
        if own is None or own.suite != line.suite:
            return NotAcceptable("the answer's a=crypto is none of those offered", 399)
        crypto = Crypto(line.suite, own.key, line.key, line.mki)
    if crypto is None and web is None and (ours.secure or theirs.secure):
        return NotAcceptable("the answer holds no key for SRTP", 399)
    # All that we offered stays welcome: §6.1 lets us cease listening, and some peers send what they
    # did not answer. A dynamic number of theirs is added where it is free among ours.
    welcome = ours.codecs
    if codec not in welcome and all(known.payload_type != codec.payload_type for known in welcome):
        welcome = (*welcome, codec)
    dtmf, dtmf_clock = _event(theirs, codec) if ours.events else (None, 8000)
    return Negotiated(
        description=None,
        remote=theirs.remote,
        codec=codec,
        accept=welcome,
        dtmf=dtmf,
        direction=_meet(ours.direction, theirs.direction),
        ptime_ms=theirs.ptime_ms,
        rtcp=theirs.rtcp,
        hold=theirs.hold,
        name=theirs.name,
        dtmf_clock=dtmf_clock,
        flash=theirs.flash,
        crypto=crypto,
        webrtc=web,
        events=tuple((number, clock) for clock, number in ours.events.items()),
    )


def _agree(theirs: Audio, local: Local) -> Negotiated | NotAcceptable:
    if (theirs.webrtc is None) is not (local.webrtc is None):
        return NotAcceptable("a stream cannot change between WebRTC and plain RTP", 302)
    if theirs.webrtc is None and family_of(local.address) != family_of(theirs.remote[0]):
        return NotAcceptable("the stream is of another address family", 300)
    known = {(codec.name, codec.clock_rate) for codec in local.codecs}
    common = tuple(codec for codec in theirs.codecs if (codec.name, codec.clock_rate) in known)
    if not common:
        return NotAcceptable("none of the codecs offered is known", 305)
    if local.ours_first:  # §6.1 recommends the offerer's order "unless there is a specific reason"
        ours = [(codec.name, codec.clock_rate) for codec in local.codecs]
        common = tuple(sorted(common, key=lambda codec: ours.index((codec.name, codec.clock_rate))))
    elif local.beyond is not None:  # what needs not be coded anew is such a reason
        best = local.beyond.name, local.beyond.clock_rate
        common = tuple(sorted(common, key=lambda codec: (codec.name, codec.clock_rate) != best))
    codec = common[0]
    chosen, crypto = _chosen(theirs, local), None
    web = None
    if theirs.webrtc is not None and local.webrtc is not None:
        web = webrtc.answered(theirs.webrtc, local.webrtc)
    elif chosen is not None:
        assert local.key is not None, "SRTP needs keys"
        crypto = Crypto(chosen.suite, local.key(chosen.suite), chosen.key, chosen.mki)
    elif theirs.secure:
        fault = f": {theirs.crypto_fault}" if theirs.crypto_fault else ""
        why = "SRTP is off here" if local.srtp is Srtp.OFF else f"no a=crypto line can be used{fault}"
        return NotAcceptable(why, 302)
    elif local.srtp is Srtp.REQUIRED:
        return NotAcceptable("SRTP is required here", 302)
    dtmf, dtmf_clock = _event(theirs, codec) if local.dtmf is not None else (None, 8000)
    return Negotiated(
        description=None,
        remote=theirs.remote,
        codec=codec,
        accept=common,
        dtmf=dtmf,
        direction=_meet(local.direction, theirs.direction),
        ptime_ms=theirs.ptime_ms,
        rtcp=theirs.rtcp,
        hold=theirs.hold,
        name=theirs.name,
        dtmf_clock=dtmf_clock,
        flash=theirs.flash,
        crypto=crypto,
        webrtc=web,
    )


def _chosen(theirs: Audio, local: Local) -> CryptoLine | None:
    """RFC 4568 §5.1.2: the first line that we can use; one without identifiers of keys, if there is any."""
    if local.webrtc is not None or local.srtp is Srtp.OFF:
        return None
    return min(theirs.crypto, key=lambda line: line.mki > 0, default=None)


def _event(theirs: Audio, codec: Codec) -> tuple[int | None, int]:
    """Telephone-event at the codec's clock (RFC 4733 §2.1); else at 8 kHz, as many phones have no other."""
    for clock in (codec.clock_rate, 8000):
        if clock in theirs.events:
            return theirs.events[clock], clock
    return None, 8000


def _common_events(theirs: Audio, codecs: tuple[Codec, ...]) -> dict[int, int]:
    clocks = {codec.clock_rate for codec in codecs} | {8000}
    return {clock: number for clock, number in theirs.events.items() if clock in clocks}


def _meet(ours: Direction, theirs: Direction) -> Direction:
    """§6.1: we send what they hear, and hear what they send."""
    return compose(sends=speaks(ours) and hears(theirs), receives=hears(ours) and speaks(theirs))


def _silence(offered: Description, local: Local, previous: Description | None) -> Negotiated:
    streams = [_refusal(media) for media in offered.media]
    return Negotiated(
        description=local.describe(streams, _times(offered), previous),
        remote=("::" if family_of(local.address) == "IP6" else "0.0.0.0", 0),
        codec=local.codecs[0],
        accept=local.codecs,
        dtmf=None,
        direction=Direction.INACTIVE,
        ptime_ms=local.ptime_ms,
        rtcp=None,
        hold=True,
    )


def _place(description: Description) -> int | None:
    """Index of the live audio stream among the sections of a description of ours."""
    for place, media in enumerate(description.media):
        if media.kind.lower() == "audio" and media.port:
            return place
    return None


def _refusal(media: Media) -> Media:
    """A browser knows even what is refused by its name (RFC 8829 §5.3.1)."""
    named = media.protocol.upper() in webrtc.PROTOCOLS and media.attribute("mid") is not None
    lines: tuple[Line, ...] = (("a", f"mid:{webrtc.mid_of(media)}"),) if named else ()
    return Media(media.kind, 0, media.protocol, media.formats, lines)


def _times(description: Description) -> tuple[Line, ...]:
    """The t= lines, which an answer repeats (§6)."""
    times = (value.strip(" ") for kind, value in description.lines if kind == "t")
    return tuple(("t", value) for value in times) or (("t", "0 0"),)

"""Offer and answer (RFC 3264)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.sdp.audio import NotAcceptable
from edge.sdp.crypto import Srtp
from edge.sdp.description import Description, build, parse
from edge.sdp.local import Local
from edge.sdp.negotiation import Negotiated, accept, answer, offer
from media.port import Codec, Direction

PCMU, PCMA = Codec("pcmu", 0), Codec("pcma", 8)
US = Local("192.0.2.1", 20_000, (PCMU, PCMA), session_id=77)
THEM = Local("192.0.2.2", 30_000, (PCMA, PCMU), session_id=88, dtmf=96)
BOTH, SEND, RECEIVE, NONE = Direction


def described(text: str) -> Description:
    lines = [line.strip() for line in text.strip().splitlines()]
    description = parse("\r\n".join(lines).encode(), SipLimits())
    assert isinstance(description, Description), description
    return description


def agreed(result: Negotiated | NotAcceptable) -> Negotiated:
    assert isinstance(result, Negotiated), result
    return result


def answered(result: Negotiated | NotAcceptable) -> Description:
    description = agreed(result).description
    assert description is not None
    return description


def test_an_offer_names_what_we_can_do() -> None:
    assert build(offer(US)).decode().split("\r\n") == [
        "v=0",
        "o=- 77 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 20000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=maxptime:60",
        "a=sendrecv",
        "",
    ]


def test_the_answer_follows_the_offerers_order_and_numbers() -> None:
    """§6.1: the formats in the answer are in the order of the offer, dynamic numbers are the offerer's."""
    heard = agreed(answer(offer(THEM), US))
    assert heard.codec == PCMA and heard.accept == (PCMA, PCMU) and heard.dtmf == 96
    assert heard.remote == ("192.0.2.2", 30_000) and heard.direction is BOTH and not heard.hold
    assert heard.description is not None
    assert heard.description.media[0].formats == ("8", "0", "96")
    back = agreed(accept(offer(THEM), heard.description))
    assert back.remote == ("192.0.2.1", 20_000) and back.codec == PCMA and back.dtmf == 96
    assert back.description is None


def test_our_order_decides_where_it_is_set() -> None:
    """§6.1: the offerer's order, unless there is a specific reason."""
    heard = agreed(answer(offer(THEM), replace(US, ours_first=True)))
    assert heard.codec == PCMU and heard.accept == (PCMU, PCMA)
    assert heard.description is not None and heard.description.media[0].formats == ("0", "8", "96")


@pytest.mark.parametrize("ptime", [10, 30, 60])
def test_our_packet_time_is_asked_for_in_offer_and_answer(ptime: int) -> None:
    """RFC 8866 §6.4: what its author wishes to receive."""
    ours = replace(US, ptime_ms=ptime)
    for description in (offer(ours), answered(answer(offer(THEM), ours))):
        assert description.media[0].attribute("ptime") == str(ptime)
        assert description.media[0].attribute("maxptime") == "60"


def test_each_side_is_sent_the_packet_time_that_it_asks_for() -> None:
    """RFC 3264 §6.1: the two directions need not be alike."""
    ours, theirs = replace(US, ptime_ms=30), replace(THEM, ptime_ms=10)
    heard = agreed(answer(offer(theirs), ours))
    assert heard.ptime_ms == 10 and heard.description is not None
    assert agreed(accept(offer(theirs), heard.description)).ptime_ms == 30


def test_who_asks_for_no_packet_time_is_sent_ours() -> None:
    ours = replace(US, ptime_ms=40)
    mute = described("""v=0
        o=- 1 1 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        t=0 0
        m=audio 30000 RTP/AVP 0""")
    assert agreed(answer(mute, ours)).ptime_ms == 40
    assert agreed(accept(offer(ours), mute)).ptime_ms == 40


def test_every_stream_is_answered_in_its_place() -> None:
    """§6: the answer has exactly the m= lines of the offer; t= is repeated."""
    offered = described("""v=0
        o=- 1 1 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        t=3724394400 3724398000
        m=audio 4000 RTP/SAVP 0 8
        m=video 4002 RTP/AVP 31 32
        m=audio 4004 RTP/AVP 18 8
        m=audio 4006 RTP/AVP 0
        m=image 4008 udptl t38""")
    result = answered(answer(offered, US))
    assert [(m.kind, m.port, m.protocol, m.formats) for m in result.media] == [
        ("audio", 0, "RTP/SAVP", ("0", "8")),
        ("video", 0, "RTP/AVP", ("31", "32")),
        ("audio", 20_000, "RTP/AVP", ("8",)),
        ("audio", 0, "RTP/AVP", ("0",)),
        ("image", 0, "udptl", ("t38",)),
    ]
    assert result.first("t") == "3724394400 3724398000"
    spaced = replace(offered, lines=tuple((k, f"{v} " if k == "t" else v) for k, v in offered.lines))
    assert answered(answer(spaced, US)).first("t") == "3724394400 3724398000"


def test_avpf_is_answered_in_kind() -> None:
    offered = described("""v=0
        o=- 1 1 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        m=audio 4000 RTP/AVPF 0
        a=rtcp-mux""")
    media = answered(answer(offered, US)).media[0]
    assert media.protocol == "RTP/AVPF" and media.attribute("rtcp-mux") is None


@pytest.mark.parametrize(
    ("m", "warning"),
    [
        ("m=audio 4000 RTP/AVP 18 4", 305),
        ("m=audio 4000 RTP/SAVP 0", 302),
        ("m=video 4000 RTP/AVP 31", 304),
        ("m=video 4000 RTP/AVP 31\nm=audio 4000 RTP/AVP 18", 305),
        ("m=audio 0 RTP/AVP 0", 304),
    ],
)
def test_nothing_in_common_is_told_with_a_warning(m: str, warning: int) -> None:
    refused = answer(described(f"v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\n{m}"), US)
    assert isinstance(refused, NotAcceptable) and refused.warning == warning


def test_address_families_do_not_mix() -> None:
    six = replace(THEM, address="2001:db8::2")
    assert answer(offer(six), US) == NotAcceptable("the stream is of another address family", 300)
    result = agreed(answer(offer(six), replace(US, address="2001:db8::1")))
    assert result.remote == ("2001:db8::2", 30_000)
    assert result.description is not None and result.description.first("c") == "IN IP6 2001:db8::1"
    assert isinstance(accept(offer(US), answered(answer(offer(six), six))), NotAcceptable)


@pytest.mark.parametrize(
    ("theirs", "wish", "ours"),
    [
        (BOTH, BOTH, BOTH),
        (SEND, BOTH, RECEIVE),
        (RECEIVE, BOTH, SEND),
        (NONE, BOTH, NONE),
        (BOTH, SEND, SEND),
        (SEND, SEND, NONE),
        (RECEIVE, RECEIVE, NONE),
        (BOTH, NONE, NONE),
    ],
)
def test_directions_are_mirrored_and_never_widened(
    theirs: Direction, wish: Direction, ours: Direction
) -> None:
    """§6.1, both ways round."""
    their_offer, us = offer(replace(THEM, direction=theirs)), replace(US, direction=wish)
    result = agreed(answer(their_offer, us))
    assert result.direction is ours and result.hold is (theirs in (SEND, NONE))
    assert result.description is not None and result.description.media[0].attribute(ours.value) == ""
    mirror = {BOTH: BOTH, SEND: RECEIVE, RECEIVE: SEND, NONE: NONE}
    assert agreed(accept(their_offer, result.description)).direction is mirror[ours]


def test_old_style_hold_stops_our_sending() -> None:
    """RFC 3264 §8.4: c=0.0.0.0."""
    result = agreed(answer(offer(replace(THEM, address="0.0.0.0")), US))
    assert result.direction is RECEIVE and result.hold


def test_without_telephone_event_there_is_none() -> None:
    assert agreed(answer(offer(replace(THEM, dtmf=None)), US)).dtmf is None
    plain = replace(US, dtmf=None)
    result = agreed(answer(offer(THEM), plain))
    assert result.dtmf is None and result.description is not None
    assert result.description.media[0].formats == ("8", "0")
    assert agreed(accept(offer(plain), answered(answer(offer(plain), THEM)))).dtmf is None


def test_the_version_grows_only_with_a_change() -> None:
    """§8: same session id, version plus one when the description differs."""
    first = offer(US)
    assert offer(US, first) == first
    held = offer(replace(US, direction=SEND), first)
    assert held.session == ("77", "2")
    assert offer(US, held).session == ("77", "3")
    again = answered(answer(offer(THEM), US, previous=held))
    assert again.session == ("77", "3")
    assert answered(answer(offer(THEM), US, previous=again)) == again


def test_a_re_offer_keeps_every_stream_in_its_place() -> None:
    """§8: the m= lines of the previous description stay, in order."""
    offered = described("""v=0
        o=- 1 1 IN IP4 192.0.2.2
        c=IN IP4 192.0.2.2
        m=video 4002 RTP/AVP 31
        m=audio 4004 RTP/AVPF 8 0""")
    ours = answered(answer(offered, US))
    again = offer(US, ours)
    assert [(m.kind, m.port, m.protocol) for m in again.media] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 20_000, "RTP/AVPF"),
    ]
    assert again.media[1].formats == ("0", "8", "101")
    reply = answered(answer(again, THEM))
    assert agreed(accept(again, reply)).remote == ("192.0.2.2", 30_000)


@pytest.mark.parametrize(
    "m",
    [
        "m=audio 0 RTP/AVP 0",
        "m=audio 4000 RTP/AVP 18",
        "m=audio 4000 RTP/SAVP 0",
        "m=video 4000 RTP/AVP 31",
        "a=x",
    ],
)
def test_an_answer_without_our_stream_is_not_acceptable(m: str) -> None:
    theirs = described(f"v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\n{m}")
    assert isinstance(accept(offer(US), theirs), NotAcceptable)


def test_an_answer_may_use_its_own_dynamic_numbers() -> None:
    """§6.1: each side sends under the number that the other one wrote."""
    opus = Codec("opus", 111, 48_000)
    ours = offer(replace(US, codecs=(opus, PCMU)))
    theirs = described("""v=0
        o=- 1 1 IN IP4 192.0.2.2
        c=IN IP4 192.0.2.2
        m=audio 4000 RTP/AVP 96 0
        a=rtpmap:96 opus/48000/2""")
    result = agreed(accept(ours, theirs))
    assert result.codec == Codec("opus", 96, 48_000)
    assert result.accept == (opus, PCMU, result.codec)


@given(st.lists(st.sampled_from(build(offer(US)).decode().split("\r\n")) | st.text(max_size=20), max_size=20))
def test_no_description_makes_a_negotiation_raise(lines: list[str]) -> None:
    text = "\r\n".join(["v=0", "o=- 1 1 IN IP4 192.0.2.2", "c=IN IP4 192.0.2.2", *lines])
    theirs = parse(text.encode("utf-8", "replace"), SipLimits())
    if isinstance(theirs, Description):
        for result in (answer(theirs, US), accept(offer(US), theirs), answer(theirs, US, offer(US))):
            assert isinstance(result, (Negotiated, NotAcceptable))
            if isinstance(result, Negotiated) and result.description is not None:
                assert parse(build(result.description), SipLimits()) == result.description
                assert len(result.description.media) == len(theirs.media)


def test_an_offer_with_fewer_streams_than_before_is_refused() -> None:
    """§8: a stream is taken away by port 0, in its place."""
    two = replace(offer(THEM), media=offer(THEM).media * 2)
    before = answered(answer(two, US))
    refused = answer(offer(THEM), US, previous=before)
    assert isinstance(refused, NotAcceptable) and "port 0" in refused.why
    assert isinstance(answer(two, US, previous=before), Negotiated)


def test_of_what_is_offered_beside_the_codecs_nothing_is_answered() -> None:
    """Redundancy, retransmission, FEC, comfort noise, header extensions, feedback (RFC 2198, 4588, 5109,
    3389, 8285, 4585): to leave them out is to decline them."""
    offered = described(
        """
        v=0
        o=- 1 1 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        t=0 0
        m=audio 30000 RTP/AVP 63 111 121 122 13 19 98 8
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 maxaveragebitrate=20000;usedtx=1
        a=rtpmap:121 rtx/48000
        a=fmtp:121 apt=111
        a=rtpmap:122 ulpfec/48000
        a=rtpmap:98 CN/16000
        a=extmap-allow-mixed
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=rtcp-fb:111 transport-cc
        a=rtcp-rsize
        a=rtcp-mux
        a=ssrc:1 cname:x
        """
    )
    ours = Codec("opus", 96, 48_000)
    heard = agreed(answer(offered, replace(US, codecs=(ours, PCMA, PCMU))))
    assert heard.codec == Codec("opus", 111, 48_000, most_bits=20_000, pauses=True)
    (media,) = answered(heard).media
    assert media.formats == ("111", "8")
    names = {value.partition(":")[0] for kind, value in media.lines if kind == "a"}
    assert names == {"rtpmap", "fmtp", "ptime", "maxptime", "sendrecv"}
    asked = agreed(accept(offer(replace(US, codecs=(ours, PCMA))), answered(heard)))
    assert (asked.codec.payload_type, asked.codec.most_bits, asked.codec.pauses) == (111, 0, False)


def test_an_offer_whose_keys_are_of_no_use_is_refused_with_the_reason() -> None:
    secured = replace(US, srtp=Srtp.ANSWERED, key=lambda suite: bytes(30))
    offered = described(
        """
        v=0
        o=- 1 1 IN IP4 192.0.2.2
        s=-
        c=IN IP4 192.0.2.2
        t=0 0
        m=audio 30000 RTP/SAVP 0
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD
        """
    )
    refused = answer(offered, secured)
    assert isinstance(refused, NotAcceptable) and refused.warning == 302
    assert refused.why == (
        "no a=crypto line can be used: its key and salt have 3 bytes, those of AES_CM_128_HMAC_SHA1_80 30"
    )

"""Reading one audio section (RFC 3551, RFC 4733, RFC 3605, RFC 3264 §5.1)."""

import pytest

from config.schema import SipLimits
from edge.sdp.audio import Audio, NotAcceptable, read
from edge.sdp.description import Description, parse
from media.port import Codec, Direction


def section(
    *lines: str, head: str = "m=audio 4000 RTP/AVP 0 8 101", c: str = "IN IP4 192.0.2.9"
) -> Description:
    texts = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", f"c={c}", "t=0 0", head, *lines]
    description = parse("\r\n".join(texts).encode(), SipLimits())
    assert isinstance(description, Description)
    return description


def usable(*lines: str, head: str = "m=audio 4000 RTP/AVP 0 8 101", c: str = "IN IP4 192.0.2.9") -> Audio:
    description = section(*lines, head=head, c=c)
    audio = read(description, description.media[0])
    assert isinstance(audio, Audio), audio
    return audio


def test_static_payload_types_need_no_rtpmap() -> None:
    """RFC 3551 §6."""
    audio = usable()
    assert audio.codecs == (Codec("pcmu", 0), Codec("pcma", 8)) and audio.events == {}
    assert (audio.remote, audio.rtcp, audio.ptime_ms) == (("192.0.2.9", 4000), None, 20)


def test_an_rtpmap_names_the_format_whatever_its_number() -> None:
    audio = usable(
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:8 PCMA/8000/1",
        "a=rtpmap:97 L16/8000/2",
        "a=rtpmap:98 rubbish",
        "a=rtpmap:200 PCMU/8000",
        head="m=audio 4000 RTP/AVPF 111 8 8 97 98 200 x 99",
    )
    assert audio.codecs == (Codec("opus", 111, 48_000), Codec("pcma", 8))


@pytest.mark.parametrize("fmtp", [(), ("a=fmtp:96 0-15",), ("a=fmtp:96 0-16",)])
def test_telephone_event_is_told_by_clock_rate(fmtp: tuple[str, ...]) -> None:
    """RFC 4733 §2.1: the event's clock is that of the audio it goes with."""
    audio = usable(
        "a=rtpmap:101 telephone-event/48000", "a=rtpmap:96 Telephone-Event/8000", *fmtp,
        head="m=audio 4000 RTP/AVP 0 101 96",
    )  # fmt: skip
    assert audio.codecs == (Codec("pcmu", 0),) and audio.events == {48_000: 101, 8000: 96}


@pytest.mark.parametrize(
    ("fmtp", "reads"),
    [
        ("", False),
        ("96 0-15", False),
        ("96 0-16", True),
        ("96 0-15,16", True),
        ("96 events=0-11, 16-20", True),
        ("96 0-15,32-49", False),
        ("96 -,x-99,1-2-3", False),
        ("0 0-16", False),
    ],
)
def test_who_reads_a_flash_says_so(fmtp: str, reads: bool) -> None:
    """RFC 4733 §2.4.1."""
    lines = (f"a=fmtp:{fmtp}",) if fmtp else ()
    head = "m=audio 4000 RTP/AVP 0 96"
    assert usable("a=rtpmap:96 telephone-event/8000", *lines, head=head).flash is reads


def test_the_direction_of_the_section_goes_before_that_of_the_session() -> None:
    assert usable().direction is Direction.SENDRECV
    description = section()
    held = Description((*description.lines, ("a", "inactive")), description.media)
    assert isinstance(audio := read(held, held.media[0]), Audio)
    assert audio.direction is Direction.INACTIVE and audio.hold
    own = usable("a=sendonly")
    assert own.direction is Direction.SENDONLY and own.hold
    assert not usable("a=recvonly").hold


@pytest.mark.parametrize("c", ["IN IP4 0.0.0.0", "IN IP6 ::"])
def test_an_unset_address_is_hold_as_in_rfc_2543(c: str) -> None:
    audio = usable(c=c)
    assert audio.direction is Direction.SENDONLY and audio.hold
    assert usable("a=recvonly", c=c).direction is Direction.INACTIVE


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [
        (("a=ptime:30",), 30),
        (("a=ptime:25",), 20),
        (("a=ptime:5",), 10),
        (("a=ptime:200",), 60),
        (("a=ptime:22.5",), 20),
        (("a=ptime:x",), 20),
        (("a=ptime:0",), 20),
        (("a=ptime:60", "a=maxptime:40"), 40),
        (("a=maxptime:10",), 10),
        (("a=maxptime:5",), 10),
        (("a=maxptime:150",), 20),
    ],
)
def test_the_packet_time_is_one_that_we_can_make(lines: tuple[str, ...], ptime: int) -> None:
    assert usable(*lines).ptime_ms == ptime


@pytest.mark.parametrize(("lines", "ptime"), [((), 40), (("a=ptime:10",), 10), (("a=maxptime:30",), 30)])
def test_who_wishes_for_no_packet_time_is_sent_the_one_of_its_terms(
    lines: tuple[str, ...], ptime: int
) -> None:
    """RFC 8866 §6.4."""
    description = section(*lines)
    audio = read(description, description.media[0], ptime_ms=40)
    assert isinstance(audio, Audio) and audio.ptime_ms == ptime


@pytest.mark.parametrize(
    ("value", "rtcp"),
    [
        ("4001", None),
        ("5001", ("192.0.2.9", 5001)),
        ("5001 IN IP4 192.0.2.10", ("192.0.2.10", 5001)),
        ("5001 IN IP4 host.example.com", None),
        ("0", None),
        ("99999", None),
        ("", None),
    ],
)
def test_rtcp_may_go_elsewhere(value: str, rtcp: tuple[str, int] | None) -> None:
    """RFC 3605 §2.1."""
    assert usable(f"a=rtcp:{value}").rtcp == rtcp


@pytest.mark.parametrize(
    ("head", "c", "warning"),
    [
        ("m=video 4000 RTP/AVP 31", "IN IP4 192.0.2.9", 304),
        ("m=audio 0 RTP/AVP 0", "IN IP4 192.0.2.9", 304),
        ("m=audio 4000 UDP/TLS/RTP/SAVPF 0", "IN IP4 192.0.2.9", 399),
        ("m=audio 4000 RTP/AVP 0", "IN IP4 192.0.2.300", 301),
        ("m=audio 4000 RTP/AVP 0", "ATM IP4 192.0.2.9", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP4 224.2.1.1/127", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP4 224.2.1.1", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP4 255.255.255.255", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP6 fe80::1%eth0", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP7 192.0.2.9", 301),
        ("m=audio 4000 RTP/AVP 0", "IN IP6 " + "0" * 10_000 + "::1", 301),
        ("m=audio 4000 RTP/AVP 0", "IN " + "IP4" * 5_000 + " 192.0.2.9", 301),
    ],
)
def test_what_we_cannot_use_is_refused_with_its_warning(head: str, c: str, warning: int) -> None:
    description = section(head=head, c=c)
    refused = read(description, description.media[0])
    assert isinstance(refused, NotAcceptable) and refused.warning == warning


def test_a_section_without_any_connection_is_refused() -> None:
    description = section()
    bare = Description(tuple(line for line in description.lines if line[0] != "c"), description.media)
    assert isinstance(read(bare, bare.media[0]), NotAcceptable)


def test_a_format_mapped_to_something_endless_is_one_that_we_do_not_know() -> None:
    """What a memo holds is bounded in length too."""
    audio = usable(f"a=rtpmap:96 {'x' * 10_000}/8000", head="m=audio 4000 RTP/AVP 96 0")
    assert [codec.name for codec in audio.codecs] == ["pcmu"]


@pytest.mark.parametrize(
    ("terms", "bits", "pauses"),
    [
        ("maxaveragebitrate=20000;usedtx=1", 20_000, True),
        ("minptime=10; useinbandfec=1; MaxAverageBitrate=6000 ;usedtx=0", 6_000, False),
        ("maxaveragebitrate=5999", 0, False),
        ("maxaveragebitrate=510001;usedtx=yes", 0, False),
        ("maxaveragebitrate=;usedtx", 0, False),
        ("maxaveragebitrate=-8000;usedtx=1;usedtx", 0, False),
        ("stereo=1;;=;", 0, False),
    ],
)
def test_what_who_hears_opus_wishes_of_us_is_read(terms: str, bits: int, pauses: bool) -> None:
    """RFC 7587 §6.1; the terms of other formats are not its own."""
    head = "m=audio 4000 RTP/AVP 0 111"
    audio = usable(
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:101 0-15",
        "a=fmtp:11 maxaveragebitrate=9000",
        f"a=fmtp:111 {terms}",
        head=head,
    )
    assert audio.codecs == (Codec("pcmu", 0), Codec("opus", 111, 48_000, bits, pauses))


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (("a=maxptime:10",), {"pcmu"}),
        (("a=maxptime:19",), {"pcmu"}),
        (("a=ptime:10",), {"pcmu", "opus"}),
        (("a=ptime:10", "a=maxptime:20"), {"pcmu", "opus"}),
        (("a=maxptime:0",), {"pcmu", "opus"}),
    ],
)
def test_opus_is_left_out_where_no_packet_may_hold_a_frame_of_it(
    lines: tuple[str, ...], names: set[str]
) -> None:
    """RFC 8866 §6.5: more than maxptime may not be in a packet, and ours are of 20 ms (RFC 7587 §4.2)."""
    audio = usable("a=rtpmap:111 opus/48000/2", *lines, head="m=audio 4000 RTP/AVP 0 111")
    assert {codec.name for codec in audio.codecs} == names

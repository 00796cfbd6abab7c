"""How our side of a stream is written (RFC 3264 §5, §8; RFC 4566; RFC 7587 §7)."""

from edge.sdp.local import Local, family_of
from media.port import Codec, Direction

PCMU, OPUS = Codec("pcmu", 0), Codec("opus", 96, clock_rate=48_000)
TIMES = (("t", "0 0"),)


def local(*codecs: Codec, address: str = "192.0.2.1") -> Local:
    return Local(address, 20_000, codecs or (PCMU,), 7)


def test_a_codec_is_written_with_its_clock_and_opus_with_two_channels_and_its_terms() -> None:
    lines = local(OPUS, PCMU).section((OPUS, PCMU), {48_000: 102}, Direction.SENDRECV, "RTP/AVP", ()).lines
    assert [value for _, value in lines] == [
        "rtpmap:96 opus/48000/2",
        "fmtp:96 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1",
        "rtpmap:0 PCMU/8000",
        "rtpmap:102 telephone-event/48000",
        "fmtp:102 0-16",
        "ptime:20",
        "maxptime:60",
        "sendrecv",
    ]


def test_events_have_a_number_for_each_clock_of_our_codecs() -> None:
    assert local(PCMU).offered_events() == {8_000: 101}
    assert local(OPUS, PCMU).offered_events() == {8_000: 101, 48_000: 102}
    silent = local()
    silent.dtmf = None
    assert silent.offered_events() == {}


def test_the_version_grows_only_with_a_change() -> None:
    ours = local()
    stream = ours.section((PCMU,), {}, Direction.SENDRECV, "RTP/AVP", ())
    first = ours.describe((stream,), TIMES)
    assert first.session[:2] == ("7", "1") and ours.describe((stream,), TIMES, first) == first
    held = ours.section((PCMU,), {}, Direction.INACTIVE, "RTP/AVP", ())
    assert ours.describe((held,), TIMES, first).session[:2] == ("7", "2")


def test_an_address_is_written_with_its_family() -> None:
    assert family_of("192.0.2.1") == "IP4" and family_of("2001:db8::1") == "IP6"
    where = dict(local(address="2001:db8::1").describe((), TIMES).lines)
    assert where["c"] == "IN IP6 2001:db8::1"

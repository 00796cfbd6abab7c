"""Session descriptions, parsed and built (RFC 8866)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.sdp.description import Description, Media, SdpError, build, parse

LIMITS = SipLimits()

PHONE = b"""v=0\r
o=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com\r
s=-\r
c=IN IP4 192.0.2.1\r
t=0 0\r
a=tool:x\r
m=audio 49170/2 RTP/AVP 0 97\r
a=rtpmap:97 iLBC/8000\r
m=video 51372 RTP/AVP 31\r
c=IN IP6 2001:db8::1\r
a=sendonly\r
"""


def parsed(body: bytes) -> Description:
    description = parse(body, LIMITS)
    assert isinstance(description, Description), description
    return description


def test_sections_keep_their_order_and_their_lines() -> None:
    description = parsed(PHONE)
    assert description.session == ("2890844526", "2890844527")
    audio, video = description.media
    assert audio == Media("audio", 49170, "RTP/AVP", ("0", "97"), (("a", "rtpmap:97 iLBC/8000"),), ports=2)
    assert description.connection(audio) == ("IP4", "192.0.2.1")
    assert description.connection(video) == ("IP6", "2001:db8::1")
    assert video.attribute("sendonly") == "" and video.attribute("recvonly") is None


def test_a_built_description_is_byte_for_byte_what_was_read() -> None:
    assert build(parsed(PHONE)) == PHONE


def test_lines_nobody_knows_are_kept() -> None:
    body = PHONE.replace(b"a=tool:x", b"z=\xff\xfe latin\r\nx=odd")
    assert build(parsed(body)) == body


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_either_line_ending_will_do_and_trailing_blank_lines_too(ending: bytes) -> None:
    """RFC 8866 §5: a bare LF should be accepted."""
    assert parsed(PHONE.replace(b"\r\n", ending) + ending * 2) == parsed(PHONE)


def test_a_stream_that_is_declined_may_be_without_formats() -> None:
    """Some video systems write so of what they do not want."""
    text = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\nm=application 0 *\r\n"
    description = parse(text, SipLimits())
    assert isinstance(description, Description) and description.media[1].formats == ()
    assert build(description) == text
    assert isinstance(parse(text.replace(b"application 0", b"application 9"), SipLimits()), SdpError)


def test_a_forgotten_subject_or_time_is_let_pass() -> None:
    parsed(PHONE.replace(b"s=-\r\n", b"").replace(b"t=0 0\r\n", b""))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"v=0\r\n", b"", 1),
        (b"v=0", b"v=1", 1),
        (b"o=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com\r\n", b"", 0),
        (b"o=alice 2890844526", b"o=", 2),
        (b"s=-", b"no line", 3),
        (b"s=-", b"S=-", 3),
        (b"s=-", b"", 3),
        (b"s=-", b"s=a\rb", 3),
        (b"s=-", b"s=a\0b", 3),
        (b"c=IN IP4 192.0.2.1", b"c=IN 192.0.2.1", 4),
        (b"49170/2", b"65536", 7),
        (b"49170/2", b"49170/0", 7),
        (b"49170/2", b"-1", 7),
        (b"49170/2", "٤٩".encode(), 7),
        (b"RTP/AVP 0 97", b"RTP/AVP", 7),
        (b"a=rtpmap:97 iLBC/8000", b"v=0", 8),
        (b"a=sendonly", b"o=a 1 1 IN IP4 192.0.2.1", 11),
    ],
)
def test_a_fault_is_told_with_its_line(old: bytes, new: bytes, line: int) -> None:
    assert old in PHONE
    error = parse(PHONE.replace(old, new, 1), LIMITS)
    assert isinstance(error, SdpError) and error.line == line


@pytest.mark.parametrize("name", [b"", b"-", b"Example Phone 7", b"a  b"])
def test_any_user_name_is_let_pass(name: bytes) -> None:
    """§5.2 forbids spaces in it, and some phones have them all the same; nobody reads it."""
    parsed = parse(PHONE.replace(b"o=alice", b"o=" + name, 1), LIMITS)
    assert isinstance(parsed, Description) and parsed.session == ("2890844526", "2890844527")


@pytest.mark.parametrize(("before", "after"), [(b"\r\n", b""), (b"", b"\0"), (b"\n", b"\r\n\0")])
def test_blank_lines_around_it_and_the_end_of_a_c_string_are_let_pass(before: bytes, after: bytes) -> None:
    assert parse(before + PHONE + after, LIMITS) == parse(PHONE, LIMITS)


def test_limits_hold() -> None:
    lines = PHONE + b"a=x\r\n" * LIMITS.sdp_lines
    media = PHONE + b"m=audio 1 RTP/AVP 0\r\n" * LIMITS.sdp_media
    for body in (b"v=0\r\n" + b"a" * LIMITS.sdp_bytes, lines, media):
        assert isinstance(parse(body, LIMITS), SdpError)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_description_or_an_error(body: bytes) -> None:
    for text in (body, b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n" + body):
        assert isinstance(parse(text, LIMITS), (Description, SdpError))


@given(st.lists(st.sampled_from(PHONE.split(b"\r\n")) | st.binary(max_size=20), max_size=30))
def test_what_parses_comes_back_the_same(lines: list[bytes]) -> None:
    description = parse(b"\r\n".join(PHONE.split(b"\r\n")[:2] + lines), LIMITS)
    if isinstance(description, Description):
        assert parse(build(description), LIMITS) == description

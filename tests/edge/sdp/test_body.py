"""Descriptions inside message bodies (RFC 5621, RFC 2046 §5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sdp.body import find_sdp, sdp_in
from edge.sip.message import Request
from edge.sip.parse import parse_message

MIXED = (
    b"preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
    b"--b1\r\ncontent-type: application/sdp\r\nContent-Disposition: session\r\n\r\n"
    b"v=0\r\ns=-\r\n\r\n--b1--\r\n"
)


@pytest.mark.parametrize("kind", ["application/sdp", " Application/SDP ; charset=utf-8"])
def test_a_plain_body_is_the_description(kind: str) -> None:
    assert find_sdp(kind, b"v=0\r\n") == b"v=0\r\n"


@pytest.mark.parametrize("boundary", ["b1", '"b1"', "b1 ;x=y"])
def test_the_first_sdp_part_of_a_multipart_is_found(boundary: str) -> None:
    assert find_sdp(f"multipart/mixed;boundary={boundary}", MIXED) == b"v=0\r\ns=-\r\n"


def test_a_multipart_may_begin_with_its_delimiter_and_hold_another() -> None:
    body = b"--out\r\nContent-Type: multipart/alternative; boundary=b1\r\n\r\n" + MIXED + b"\r\n--out--"
    assert find_sdp("multipart/mixed; boundary=out", body) == b"v=0\r\ns=-\r\n"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", MIXED),
        ("text/plain", b"v=0"),
        ("multipart/mixed", MIXED),
        ("multipart/mixed; boundary=", MIXED),
        ("multipart/mixed; boundary=other", MIXED),
        ("multipart/mixed; boundary=b1", MIXED.replace(b"application/sdp", b"application/isup")),
        ("multipart/mixed; boundary=b1", b"--b1--\r\n" + MIXED),
    ],
)
def test_nothing_is_found_where_nothing_is(kind: str, body: bytes) -> None:
    assert find_sdp(kind, body) is None


@pytest.mark.parametrize(
    ("handling", "found"), [("optional", True), ("required", False), ("Required;x=y", False), ("", True)]
)
def test_a_part_that_must_be_understood_and_is_not_leaves_nothing(handling: str, found: bool) -> None:
    """RFC 5621 §8.2: before or behind the description."""
    isup = b"--b1\r\nContent-Type: application/isup\r\nContent-Disposition: signal;handling=%b\r\n\r\nIAM\r\n"
    part = isup % handling.encode()
    for body in (MIXED.replace(b"--b1--", part + b"--b1--"), MIXED.replace(b"preamble\r\n", part)):
        assert (find_sdp("multipart/mixed;boundary=b1", body) is not None) is found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"v=0\r\ns=-\r\n", b"v=0\r\ns=-\r\n"),
        (b"\r\nv=0\r\ns=-\r\n", b"v=0\r\ns=-\r\n"),
        (b"hello", None),
    ],
)
def test_a_description_that_does_not_say_so_is_one_all_the_same(body: bytes, found: bytes | None) -> None:
    """RFC 3261 §20.15 wants a Content-Type; what begins with v=0 is nothing else."""
    message = parse_message(
        b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n" + body
    )
    assert isinstance(message, Request) and sdp_in(message) == found


def test_only_so_many_parts_and_levels_are_looked_at() -> None:
    many = b"--b\r\n\r\nx\r\n" * 1000 + b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0"
    assert find_sdp("multipart/mixed;boundary=b", many) is None
    deep, kind = b"v=0", b"application/sdp"
    for boundary in (b"a", b"b", b"c", b"d"):
        deep = b"--" + boundary + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + deep
        kind = b"multipart/mixed;boundary=" + boundary
        found = find_sdp(kind.decode(), deep)
        assert found == (None if boundary == b"d" else b"v=0")


@given(st.text(max_size=40), st.binary(max_size=200))
def test_no_body_raises(kind: str, body: bytes) -> None:
    find_sdp(kind, body)
    find_sdp("multipart/mixed;boundary=" + kind, body)


def test_a_multipart_with_lf_alone_is_read_too() -> None:
    assert find_sdp("multipart/mixed;boundary=b1", MIXED.replace(b"\r\n", b"\n")) == b"v=0\r\ns=-\r\n"

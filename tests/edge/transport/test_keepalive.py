"""STUN among SIP (RFC 5626 §8)."""

import pytest

from edge.transport.keepalive import answer, is_stun
from media.webrtc import stun

TRANSACTION = bytes(range(12))


@pytest.mark.parametrize("source", [("192.0.2.7", 5061), ("2001:db8::7", 40_000)])
def test_a_binding_request_is_told_where_it_came_from(source: tuple[str, int]) -> None:
    """RFC 8489 §6.3.1."""
    asked = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + TRANSACTION
    assert is_stun(asked)
    told = stun.parse(answer(asked, source))
    assert told is not None and told.kind is stun.Kind.SUCCESS
    assert told.transaction == TRANSACTION and told.mapped == source


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(stun.build(stun.Kind.INDICATION, TRANSACTION, []), id="an indication"),
        pytest.param(
            stun.build(stun.Kind.SUCCESS, TRANSACTION, []), id="an answer: two of us never talk for ever"
        ),
        pytest.param(b"\x00\x01\x00\x08\x21\x12\xa4\x42" + TRANSACTION, id="cut short"),
        pytest.param(b"\x00\x03\x00\x00\x21\x12\xa4\x42" + TRANSACTION, id="another method"),
    ],
)
def test_other_stun_is_heard_and_not_answered(datagram: bytes) -> None:
    assert is_stun(datagram) and answer(datagram, ("192.0.2.7", 5060)) == b""


def test_what_must_be_understood_and_is_not_is_named() -> None:
    """RFC 8489 §6.3.1, §14.13: 420 with UNKNOWN-ATTRIBUTES; what may be passed over is (RFC 8445's own)."""
    asked = [
        (stun.Name.PRIORITY, b"1234"),
        (stun.Name.ICE_CONTROLLED, bytes(8)),
        (stun.Name.PRIORITY, b"1234"),
    ]
    told = stun.parse(answer(stun.build(stun.Kind.REQUEST, TRANSACTION, asked), ("192.0.2.7", 5060)))
    assert told is not None and told.kind is stun.Kind.ERROR and told.transaction == TRANSACTION
    assert told.error == 420 and told.get(stun.Name.UNKNOWN_ATTRIBUTES) == b"\x00\x24"


def test_a_refusal_is_little_more_than_what_was_asked() -> None:
    """Nobody makes us send much to a third party in whose name he asks."""
    many = b"".join(kind.to_bytes(2, "big") + b"\0\0" for kind in range(0x4000, 0x4100))
    told = answer(b"\x00\x01\x04\x00\x21\x12\xa4\x42" + TRANSACTION + many, ("192.0.2.7", 5060))
    assert 0 < len(told) < 100


@pytest.mark.parametrize("datagram", [b"", b"\0\1", b"OPTIONS sip:a@b SIP/2.0\r\n", b"\x00\x01" + bytes(18)])
def test_nothing_else_is_stun(datagram: bytes) -> None:
    assert not is_stun(datagram)

"""STUN messages: RFC 5769's vectors, our own round trip, and garbage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.webrtc import stun
from media.webrtc.stun import Kind, Name

KEY = b"VOkJxbRl1RmTxUk/WvJxBt"
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a683676592020200008001 49aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf".replace(" ", "")
)
"RFC 5769 §2.1"
ANSWER = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
"RFC 5769 §2.2"


def test_the_sample_request_of_rfc_5769_is_read_and_its_signature_holds() -> None:
    message = stun.parse(REQUEST)
    assert message is not None and message.kind is Kind.REQUEST
    assert message.get(Name.USERNAME) == b"evtj:h6vY"
    assert message.get(Name.PRIORITY) == bytes.fromhex("6e0001ff")
    assert message.get(Name.ICE_CONTROLLED) == bytes.fromhex("932ff9b151263b36")
    assert message.is_signed(KEY) and not message.is_signed(KEY[:-1])


def test_the_sample_answer_of_rfc_5769_names_the_mapped_address() -> None:
    message = stun.parse(ANSWER)
    assert message is not None and message.kind is Kind.SUCCESS and message.is_signed(KEY)
    assert message.mapped == ("192.0.2.1", 32853)


@pytest.mark.parametrize("address", [("192.0.2.7", 1), ("2001:db8::7", 65_535)])
def test_what_is_built_is_read_back(address: tuple[str, int]) -> None:
    transaction = bytes(range(12))
    built = stun.build(Kind.SUCCESS, transaction, [stun.mapped(address, transaction)], b"key")
    message = stun.parse(built)
    assert message is not None and message.transaction == transaction
    assert message.mapped == address and message.is_signed(b"key")


def test_an_error_keeps_its_code() -> None:
    message = stun.parse(stun.build(Kind.ERROR, bytes(12), [stun.error(487, "Role Conflict")]))
    assert message is not None and message.error == 487 and not message.is_signed(b"")


def test_nothing_behind_the_signature_is_believed() -> None:
    signed = stun.build(Kind.REQUEST, bytes(12), [(Name.USERNAME, b"a:b!")], b"key")
    unmarked = signed[:-8]
    appended = unmarked + bytes.fromhex("00250000")  # USE-CANDIDATE
    forged = appended[:2] + (len(appended) - 20).to_bytes(2, "big") + appended[4:]
    message = stun.parse(forged)
    assert message is not None and message.get(Name.USE_CANDIDATE) is None
    assert message.is_signed(b"key")


def test_a_changed_bit_is_no_message() -> None:
    for bit in range((len(REQUEST) - 8) * 8):
        changed = bytearray(REQUEST)
        changed[bit // 8] ^= 1 << bit % 8
        message = stun.parse(bytes(changed))
        assert message is None or not message.is_signed(KEY)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_a_message_or_none(body: bytes, framed: bool) -> None:
    if framed:
        body = b"\0\1" + len(body).to_bytes(2, "big") + bytes.fromhex("2112a442") + bytes(12) + body
    message = stun.parse(body)
    if message is not None:
        assert message.mapped is None or message.mapped[1] >= 0
        assert message.error >= 0

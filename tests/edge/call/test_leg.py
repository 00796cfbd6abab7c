"""What offer and answer make of a leg (RFC 3264)."""

import pytest

from config.schema import SipLimits
from edge.call.leg import Leg, Port, readable
from edge.error import Refusal
from media.port import Direction, LegId

LIMITS = SipLimits()


@pytest.fixture
def leg() -> Leg:
    made = Leg(LegId("call_x/1"), "192.0.2.1", 7, LIMITS)
    made.take(20_000)
    return made


def sdp(formats: str = "0 8 101", extra: str = "", version: int = 1) -> bytes:
    return (
        f"v=0\r\no=- 9 {version} IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
        f"m=audio 40000 RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n{extra}"
    ).encode()


def test_a_leg_begins_without_a_port_and_without_agreement() -> None:
    leg = Leg(LegId("call_x/1"), "192.0.2.1", 7, LIMITS)
    assert leg.state is Port.NONE and not leg.held and leg.negotiated is None


def test_the_answer_takes_the_offerers_first_codec_and_payload_types(leg: Leg) -> None:
    answer = leg.answer(sdp("8 0 101"))
    assert isinstance(answer, bytes) and b"m=audio 20000 RTP/AVP 8 0 101" in answer
    connect = leg.connect()
    assert (connect.codec.name, connect.dtmf, connect.remote) == ("pcma", 101, ("192.0.2.7", 40_000))


def test_our_offer_is_settled_by_the_peers_answer(leg: Leg) -> None:
    assert b"m=audio 20000 RTP/AVP 0 8 101" in leg.offer()
    assert leg.accept(sdp("8 101")) is None
    assert leg.connect().codec.name == "pcma"


def test_an_answer_without_an_offer_is_refused(leg: Leg) -> None:
    refusal = leg.accept(sdp())
    assert refusal is not None and refusal.status == 500


def test_nothing_in_common_is_488_with_what_to_offer(leg: Leg) -> None:
    refusal = leg.answer(sdp("18"))
    assert isinstance(refusal, Refusal) and refusal.status == 488 and "PCMU" in refusal.fix


def test_a_refused_reoffer_leaves_what_was_agreed(leg: Leg) -> None:
    leg.answer(sdp())
    before = leg.connect()
    assert isinstance(leg.answer(sdp("18")), Refusal)
    assert leg.connect() == before


def test_hold_turns_the_direction_and_raises_the_version(leg: Leg) -> None:
    first, second = leg.answer(sdp()), leg.answer(sdp(extra="a=sendonly\r\n", version=2))
    assert isinstance(first, bytes) and isinstance(second, bytes)
    assert leg.connect().direction is Direction.RECVONLY
    assert b"o=- 7 1 " in first and b"o=- 7 2 " in second


def test_what_cannot_be_read_is_400() -> None:
    refusal = readable(b"nonsense", LIMITS)
    assert refusal is not None and refusal.status == 400 and readable(sdp(), LIMITS) is None

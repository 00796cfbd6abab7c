"""What offer and answer make of a leg (RFC 3264)."""

from random import Random
from typing import Any

import pytest

from config.schema import SipLimits
from edge.call.leg import Leg, Port
from edge.directory import AudioTerms
from edge.error import Refusal
from media.port import Codec, Direction, LegId

LIMITS = SipLimits()


G711 = AudioTerms(("pcmu", "pcma"))
KEY = "A" * 40


def taken(terms: AudioTerms = G711, **more: Any) -> Leg:
    made = Leg(LegId("call_x/1"), "192.0.2.1", 7, LIMITS, Random(7).randbytes, terms, **more)
    made.take(20_000)
    return made


@pytest.fixture
def leg() -> Leg:
    return taken()


def sdp(formats: str = "0 8 101", extra: str = "", version: int = 1) -> bytes:
    return (
        f"v=0\r\no=- 9 {version} IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
        f"m=audio 40000 RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n{extra}"
    ).encode()


def test_a_leg_begins_without_a_port_and_without_agreement() -> None:
    leg = Leg(LegId("call_x/1"), "192.0.2.1", 7, LIMITS, Random(7).randbytes)
    assert leg.state is Port.NONE and not leg.held and leg.negotiated is None


def test_the_answer_takes_the_offerers_first_codec_and_payload_types(leg: Leg) -> None:
    answer = leg.answer(sdp("8 0 101"))
    assert isinstance(answer, bytes) and b"m=audio 20000 RTP/AVP 8 0 101" in answer
    connect = leg.connect()
    assert (connect.codec.name, connect.dtmf, connect.remote) == ("pcma", 101, ("192.0.2.7", 40_000))


def test_the_audio_plane_is_told_where_the_signalling_comes_from() -> None:
    leg = taken(signalling="203.0.113.9")
    leg.answer(sdp())
    assert leg.connect().signalling == "203.0.113.9"


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


def test_what_cannot_be_read_is_400(leg: Leg) -> None:
    refusal = leg.unreadable(b"nonsense")
    assert refusal is not None and refusal.status == 400 and leg.unreadable(sdp()) is None


def test_a_codec_that_the_other_side_speaks_is_offered_first() -> None:
    both = AudioTerms(("pcmu", "g722"))
    assert b"RTP/AVP 9 0 101" in taken(both, first=Codec("g722", 9)).offer()
    assert b"RTP/AVP 0 9 101" in taken(both, first=Codec("opus", 111, 48_000)).offer()


def test_an_answer_prefers_what_the_far_end_of_a_bridge_speaks() -> None:
    """RFC 3264 §6.1: a reason to leave the offerer's order; what is offered again later is answered alike."""
    leg = taken(AudioTerms(("pcmu", "g722")))
    answer = leg.answer(sdp("9 0 101"), Codec("pcmu", 0))
    assert isinstance(answer, bytes) and b"RTP/AVP 0 9 101" in answer
    assert leg.connect().codec.name == "pcmu"
    again = leg.answer(sdp("9 0 101", version=2))
    assert isinstance(again, bytes) and b"RTP/AVP 0 9 101" in again


@pytest.mark.parametrize("ours_first, far", [(True, "pcmu"), (False, "opus")])
def test_our_order_where_it_is_set_and_what_was_not_offered_leave_the_choice_as_it_was(
    ours_first: bool, far: str
) -> None:
    leg = taken(AudioTerms(("g722", "pcmu", "opus"), ours_first=ours_first))
    leg.answer(sdp("9 0 101"), Codec(far, 0, 48_000 if far == "opus" else 8000))
    assert leg.connect().codec.name == "g722"


def test_the_terms_choose_codec_and_packet_time() -> None:
    leg = taken(AudioTerms(("pcma", "pcmu"), ours_first=True, ptime_ms=30))
    answer = leg.answer(sdp("0 8 101"))
    assert isinstance(answer, bytes)
    assert b"m=audio 20000 RTP/AVP 8 0 101\r\n" in answer and b"\r\na=ptime:30\r\na=maxptime:60\r\n" in answer
    assert (leg.connect().codec.name, leg.connect().ptime_ms) == ("pcma", 30)
    leg.answer(sdp("0 8 101", "a=ptime:40\r\n", version=2))
    assert leg.connect().ptime_ms == 40, "what the peer asks for wins"


def test_opus_is_offered_with_its_terms_and_events_of_its_clock() -> None:
    """RFC 7587 §7, RFC 4733 §2.1."""
    offer = taken(AudioTerms(("opus", "pcmu"))).offer()
    assert b"RTP/AVP 111 0 101 102\r\n" in offer and b"a=rtpmap:111 opus/48000/2" in offer
    assert b"a=fmtp:111 " in offer and b"useinbandfec=1" in offer
    assert b"a=rtpmap:101 telephone-event/8000" in offer and b"a=rtpmap:102 telephone-event/48000" in offer


def test_what_will_be_spoken_is_known_before_the_answer(leg: Leg) -> None:
    prospect = leg.prospect(sdp("8 0"))
    assert prospect is not None and prospect.name == "pcma" and leg.negotiated is None
    assert leg.prospect(b"nonsense") is None and leg.prospect(b"") is None
    leg.answer(sdp("0"))
    agreed = leg.prospect(b"")
    assert agreed is not None and agreed.name == "pcmu"


def secure(protocol: str, suite: str = "AES_CM_128_HMAC_SHA1_80", tag: int = 1) -> bytes:
    crypto = f"a=crypto:{tag} {suite} inline:{KEY}\r\n"
    return sdp("0", crypto).replace(b"RTP/AVP", protocol.encode())


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/AVP"])
def test_keys_that_are_offered_are_taken_and_ours_is_told(protocol: str) -> None:
    leg = taken(AudioTerms(("pcmu",), "optional"))
    answer = leg.answer(secure(protocol, tag=3))
    assert isinstance(answer, bytes)
    assert f"m=audio 20000 {protocol} 0".encode() in answer
    assert b"a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" in answer
    crypto = leg.connect().crypto
    assert crypto is not None and crypto.remote == bytes(30) and len(crypto.local) == 30
    assert leg.answer(secure(protocol, tag=3)) == answer, "our key stays"


def test_a_key_with_an_identifier_is_taken_where_there_is_no_other() -> None:
    """RFC 4568 §6.1: the identifier is said of the packets of who writes it; ours have none."""
    suite = "AES_CM_128_HMAC_SHA1_80"
    named = f"a=crypto:1 {suite} inline:{KEY}|2^31|1:4\r\n"
    for more, tag, mki in (("", 1, 4), (f"a=crypto:2 {suite} inline:{KEY}|2^31\r\n", 2, 0)):
        leg = taken(AudioTerms(("pcmu",), "optional"))
        answer = leg.answer(sdp("0", named + more).replace(b"RTP/AVP", b"RTP/SAVP"))
        assert isinstance(answer, bytes) and f"a=crypto:{tag} {suite} inline:".encode() in answer
        assert b"1:4" not in answer
        crypto = leg.connect().crypto
        assert crypto is not None and crypto.mki == mki


def test_a_policy_decides_between_plain_and_secured() -> None:
    off, required = AudioTerms(("pcmu",), "off"), AudioTerms(("pcmu",), "required")
    refused = taken(off).answer(secure("RTP/SAVP"))
    assert isinstance(refused, Refusal) and refused.status == 488
    plain = taken(off)
    answer = plain.answer(secure("RTP/AVP"))
    assert isinstance(answer, bytes) and b"crypto" not in answer and plain.connect().crypto is None
    refused = taken(required).answer(sdp("0"))
    assert isinstance(refused, Refusal) and refused.status == 488 and "RTP/SAVP" in refused.fix
    assert b"RTP/SAVP" in taken(required).offer()


def test_keys_are_offered_only_where_nobody_reads_them() -> None:
    assert b"crypto" not in taken().offer()
    offer = taken(private=True).offer()
    assert b"RTP/AVP 0 8 101" in offer and offer.count(b"a=crypto:") == 3


def test_an_offer_with_keys_may_be_answered_without() -> None:
    leg = taken(private=True)
    leg.offer()
    assert leg.accept(sdp("0")) is None and leg.connect().crypto is None
    assert b"crypto" not in leg.offer(), "and stays without"
    leg = taken(private=True)
    leg.offer()
    assert leg.accept(secure("RTP/AVP", "AES_CM_128_HMAC_SHA1_32", tag=2)) is None
    crypto = leg.connect().crypto
    assert crypto is not None and crypto.suite.endswith("32")
    assert b"a=crypto:2 AES_CM_128_HMAC_SHA1_32" in leg.offer()


@pytest.mark.parametrize(
    "body",
    [
        sdp("0"),
        secure("RTP/SAVP", tag=9),
        secure("RTP/SAVP", "AEAD_AES_128_GCM"),
        secure("RTP/SAVP", "AES_CM_128_HMAC_SHA1_32", tag=1),
    ],
    ids=["none", "a tag that we did not offer", "a key too long", "another suite under our tag"],
)
def test_an_answer_whose_keys_do_not_fit_is_refused(body: bytes) -> None:
    leg = taken(AudioTerms(("pcmu",), "required"))
    leg.offer()
    refusal = leg.accept(body)
    assert refusal is not None and refusal.status == 488


def test_a_payload_type_means_the_same_for_as_long_as_the_leg_lives() -> None:
    """RFC 3264 §8.3.2: the peer's re-INVITE asks for our offer, as Cisco's always do."""
    leg = taken(AudioTerms(("pcmu", "opus")))
    theirs = "a=rtpmap:101 opus/48000/2\r\na=rtpmap:96 telephone-event/48000\r\n"
    body = sdp("101 0 96", theirs).replace(b"a=rtpmap:101 telephone-event/8000\r\n", b"")
    assert isinstance(leg.answer(body), bytes)
    offered = leg.offer().decode()
    assert "a=rtpmap:101 opus/48000/2\r\n" in offered and "a=rtpmap:96 telephone-event/48000\r\n" in offered
    assert "a=rtpmap:102 telephone-event/8000\r\n" in offered, "another clock gets a free number"


@pytest.mark.parametrize(
    ("body", "code"),
    [(sdp("18"), "305"), (sdp().replace(b"IP4", b"IP6").replace(b"192.0.2.7", b"::1"), "300")],
)
def test_a_refusal_warns_by_the_code_of_what_is_wrong(leg: Leg, body: bytes, code: str) -> None:
    """RFC 3261 §20.43."""
    refusal = leg.answer(body)
    assert isinstance(refusal, Refusal) and dict(refusal.headers())["Warning"].startswith(f"{code} tandem ")


@pytest.mark.parametrize(
    ("way", "look", "dtmf", "info", "tones"),
    [
        ("auto", "auto", 101, False, None),
        ("rfc4733", "always", 101, False, True),
        ("info", "never", None, True, False),
        ("inband", "auto", None, False, None),
    ],
)
def test_how_keys_are_sent_and_looked_for_may_be_set(
    way: str, look: str, dtmf: int | None, info: bool, tones: bool | None
) -> None:
    leg = taken(AudioTerms(("pcmu",), dtmf=way, inband=look))
    assert (b"telephone-event" in leg.offer()) is (dtmf is not None)
    leg = taken(AudioTerms(("pcmu",), dtmf=way, inband=look))
    made = leg.answer(sdp())
    assert isinstance(made, bytes) and (b"telephone-event" in made) is (dtmf is not None)
    connect = leg.connect()
    assert (connect.dtmf, connect.info, connect.tones) == (dtmf, info, tones)

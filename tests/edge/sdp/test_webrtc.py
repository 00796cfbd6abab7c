"""What browsers say of ICE and DTLS, and what we answer (RFC 8829, RFC 8839, RFC 8842)."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import SipLimits
from edge.call.leg import Leg, is_browser
from edge.directory import AudioTerms
from edge.error import Refusal
from edge.sdp import webrtc
from edge.sdp.description import Description, parse
from edge.sdp.webrtc import Peer, Setup
from media.port import Candidate, LegId

LIMITS = SipLimits()
PRINT = ":".join(["0F"] * 32)
CHROMIUM = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS 5a1c
m=audio 54400 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 203.0.113.7
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2122260223 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 54400 typ host network-id 1
a=candidate:2 1 udp 1686052607 203.0.113.7 54400 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-id 1
a=candidate:3 1 tcp 1518280447 203.0.113.7 9 typ host tcptype active generation 0 network-id 1
a=candidate:4 2 udp 1686052606 203.0.113.7 54401 typ srflx raddr 0.0.0.0 rport 0
a=candidate:5 1 udp 41885695 2001:db8::9 6000 typ relay raddr 203.0.113.7 rport 54400
a=ice-ufrag:Oyef
a=ice-pwd:uLJiAI21pbs+qhQa8LbWGiPH
a=ice-options:trickle
a=fingerprint:sha-256 {PRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:5a1c 77
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3361 cname:x
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=ice-ufrag:Oyef
a=ice-pwd:uLJiAI21pbs+qhQa8LbWGiPH
a=fingerprint:sha-256 {PRINT}
a=setup:actpass
a=rtcp-mux
a=rtpmap:96 VP8/90000
"""


def body(text: str = CHROMIUM, **replaced: str) -> bytes:
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text.replace("\n", "\r\n").encode()


def described(text: bytes) -> Description:
    description = parse(text, LIMITS)
    assert isinstance(description, Description), description
    return description


def leg(**more: Any) -> Leg:
    made = Leg(
        LegId("call_x/1"),
        "192.0.2.1",
        7,
        LIMITS,
        random.Random(7).randbytes,
        AudioTerms(),
        browser=True,
        **more,
    )
    made.take(20_000, f"sha-256 {PRINT}")
    return made


def answer_to(offer: bytes, made: Leg | None = None) -> list[str]:
    answer = (made or leg()).answer(offer)
    assert isinstance(answer, bytes), answer
    return answer.decode().split("\r\n")


def peer(text: bytes = body()) -> Peer:
    description = described(text)
    found = webrtc.read(description, description.media[0])
    assert isinstance(found, Peer), found
    return found


def test_a_chromium_offer_is_read() -> None:
    found = peer()
    assert found.credentials.ufrag == "Oyef" and found.setup is Setup.ACTPASS and not found.lite
    assert found.fingerprints == (("sha-256", PRINT),)
    assert found.candidates == (
        Candidate("203.0.113.7", 54_400, 1_686_052_607),
        Candidate("2001:db8::9", 6000, 41_885_695),
    ), "UDP of component 1 with numbers, the rest is left out"


def test_the_answer_has_what_a_browser_asks_of_it() -> None:
    lines = answer_to(body())
    assert "a=group:BUNDLE 0" in lines
    audio = lines.index("m=audio 20000 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126")
    video = lines.index("m=video 0 UDP/TLS/RTP/SAVPF 96")
    section = lines[audio:video]
    for line in (
        "a=mid:0",
        "a=rtcp-mux",
        "a=setup:active",
        f"a=fingerprint:sha-256 {PRINT}",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 20000 typ host",
        "a=end-of-candidates",
        "a=msid:tandem audio",
        "a=sendrecv",
    ):
        assert line in section, line
    assert lines[video + 1] == "a=mid:1", "even what is refused keeps its name"
    assert not any("crypto" in line or "extmap" in line for line in lines)


def test_an_offer_that_trickles_and_names_no_address_yet_is_answered_in_full() -> None:
    """RFC 8840 §4.1: who does not trickle answers with all candidates; the peer's come by its checks."""
    lines = [line for line in CHROMIUM.splitlines() if not line.startswith("a=candidate")]
    text = "\n".join(lines).replace("audio 54400", "audio 9").replace("IP4 203.0.113.7", "IP4 0.0.0.0")
    assert "a=ice-options:trickle" in text and peer(body(text)).candidates == ()
    made = leg()
    answer = answer_to(body(text), made)
    assert "a=end-of-candidates" in answer and any(line.startswith("a=candidate:1 1 udp") for line in answer)
    assert not [line for line in answer if "trickle" in line]
    assert "a=sendrecv" in answer, "the null address is no hold here"
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.candidates == ()


def test_what_is_agreed_goes_to_the_audio_plane() -> None:
    made = leg()
    answer_to(body(), made)
    connect = made.connect()
    assert connect.webrtc is not None and connect.crypto is None
    assert connect.webrtc.active and not connect.webrtc.controlling
    assert connect.webrtc.remote.ufrag == "Oyef" and len(connect.webrtc.local.password) >= 22
    assert (connect.codec.name, connect.dtmf, connect.dtmf_clock) == ("opus", 110, 48_000)
    assert dict(connect.events) == {110: 48_000, 126: 8000}, "Chromium sends the latter, whatever the codec"


@pytest.mark.parametrize(
    ("setup", "answered", "active"),
    [("actpass", "active", True), ("active", "passive", False), ("passive", "active", True)],
)
def test_who_begins_the_handshake(setup: str, answered: str, active: bool) -> None:
    """RFC 5763 §5: active unless the offerer wants to be."""
    made = leg()
    lines = answer_to(body(actpass=setup), made)
    assert f"a=setup:{answered}" in lines
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.active is active


@pytest.mark.parametrize(
    "missing",
    [
        "a=ice-ufrag:Oyef\n",
        "a=ice-pwd:uLJiAI21pbs+qhQa8LbWGiPH\n",
        f"a=fingerprint:sha-256 {PRINT}\n",
    ],
)
def test_an_offer_without_what_webrtc_needs_gets_488(missing: str) -> None:
    refusal = leg().answer(body(CHROMIUM.replace(missing, "")))
    assert isinstance(refusal, Refusal) and refusal.status == 488 and " needs a=" in refusal.text


def test_a_browser_whose_rtcp_has_a_port_of_its_own_has_none_with_us() -> None:
    """RFC 5761 §5.1.1: what is not offered is not answered."""
    made = leg()
    lines = answer_to(body(CHROMIUM.replace("a=rtcp-mux\n", "")), made)
    assert "a=rtcp-mux" not in lines and any(line.startswith("a=candidate:1 1 ") for line in lines)
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.ice and not connect.webrtc.mux


PHONE = f"""v=0
o=- 1 1 IN IP4 192.168.7.7
s=-
c=IN IP4 192.168.7.7
t=0 0
m=audio 4000 UDP/TLS/RTP/SAVP 0 8 101
a=rtpmap:101 telephone-event/8000
a=fingerprint:sha-256 {PRINT}
a=setup:actpass
"""


ICE = f"a=ice-ufrag:abcd\na=ice-pwd:{'p' * 22}\na=candidate:1 1 udp 9 192.168.7.7 4000 typ host\n"


@pytest.mark.parametrize("reduced", [True, False])
def test_rtcp_of_reduced_size_is_agreed_on_where_it_is_offered(reduced: bool) -> None:
    """RFC 5506 §5: who does not understand it, or was not offered it, leaves it out of the answer."""
    made = leg()
    lines = answer_to(body(CHROMIUM if reduced else CHROMIUM.replace("a=rtcp-rsize\n", "")), made)
    assert ("a=rtcp-rsize" in lines) is reduced
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.reduced is reduced


@pytest.mark.parametrize("reduced", [True, False])
def test_rtcp_of_reduced_size_is_offered_to_a_browser(reduced: bool) -> None:
    made = leg()
    assert b"a=rtcp-rsize\r\n" in made.offer()
    answer = CHROMIUM.replace("actpass", "active").partition("m=video")[0].replace("BUNDLE 0 1", "BUNDLE 0")
    assert made.accept(body(answer if reduced else answer.replace("a=rtcp-rsize\n", ""))) is None
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.reduced is reduced


@pytest.mark.parametrize("mux", ["", "a=rtcp-mux\n"])
def test_a_phone_that_has_dtls_without_ice_is_answered_in_kind(mux: str) -> None:
    """RFC 5763 §5, as baresip, Linphone and Asterisk offer it; behind its NAT it must begin."""
    made = Leg(
        LegId("call_x/1"),
        "192.0.2.1",
        7,
        LIMITS,
        random.Random(7).randbytes,
        AudioTerms(),
        browser=True,
        signalling="203.0.113.7",
    )
    made.take(20_000, f"sha-256 {PRINT}")
    lines = answer_to(body(PHONE + mux), made)
    assert "m=audio 20000 UDP/TLS/RTP/SAVP 0 8 101" in lines and "a=setup:passive" in lines
    assert f"a=fingerprint:sha-256 {PRINT}" in lines and ("a=rtcp-mux" in lines) is bool(mux)
    foreign = ("a=ice", "a=candidate", "a=end-of", "a=mid", "a=group", "a=msid")
    assert not [line for line in lines if line.startswith(foreign)]
    agreed = made.connect().webrtc
    assert agreed is not None and not agreed.ice and agreed.mux is bool(mux) and not agreed.active
    assert [(c.address, c.port) for c in agreed.candidates] == [("192.168.7.7", 4000), ("203.0.113.7", 0)]
    again = made.offer().decode().split("\r\n")
    assert "a=setup:actpass" in again
    assert any(line.startswith("m=audio 20000 UDP/TLS/RTP/SAVP 0 8 ") for line in again)
    assert not [line for line in again if line.startswith(foreign)]
    assert made.accept(body(PHONE.replace("actpass", "active") + mux)) is None


@pytest.mark.parametrize("protocol", ["RTP/SAVP", "RTP/SAVPF"])
def test_srtp_whose_keys_come_by_dtls_is_taken_as_that_whatever_it_is_called(protocol: str) -> None:
    """RFC 8829 §5.1.2: some write no UDP/TLS. The answer names what was offered (RFC 3264 §6)."""
    offer = body(PHONE.replace("UDP/TLS/RTP/SAVP", protocol))
    assert is_browser(offer, LIMITS, web=False)
    assert f"m=audio 20000 {protocol} 0 8 101" in answer_to(offer)
    at_session = body(
        PHONE.replace("UDP/TLS/RTP/SAVP", protocol).replace(f"a=fingerprint:sha-256 {PRINT}\n", "")
    )
    assert not is_browser(at_session, LIMITS, web=False), "without any key"
    at_session = at_session.replace(b"t=0 0\r\n", f"t=0 0\r\na=fingerprint:sha-256 {PRINT}\r\n".encode())
    assert is_browser(at_session, LIMITS, web=False)


def test_srtp_with_keys_in_sdp_is_that_whatever_it_has_beside() -> None:
    key = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40}\n"
    offer = body(PHONE.replace("UDP/TLS/RTP/SAVP", "RTP/SAVP") + key)
    assert not is_browser(offer, LIMITS, web=False)
    phone = Leg(
        LegId("call_x/1"), "192.0.2.1", 7, LIMITS, random.Random(7).randbytes, AudioTerms(srtp="required")
    )
    phone.take(20_000)
    assert phone.offer()
    without = body(PHONE.replace("UDP/TLS/RTP/SAVP", "RTP/SAVP").replace("actpass", "active"))
    assert isinstance(phone.accept(without), Refusal), "DTLS that nobody offered"


@pytest.mark.parametrize("setup", ["active", "passive"])
def test_a_phone_that_is_to_have_dtls_is_offered_it_without_ice(setup: str) -> None:
    """RFC 5763 §5: `srtp: dtls`. Candidates of its answer mean nothing, since we have offered none."""
    terms = AudioTerms(srtp="dtls")
    made = Leg(
        LegId("call_x/1"), "192.0.2.1", 7, LIMITS, random.Random(7).randbytes, terms, browser=True, ice=False
    )
    made.take(20_000, f"sha-256 {PRINT}")
    offer = made.offer().decode().split("\r\n")
    assert any(line.startswith("m=audio 20000 UDP/TLS/RTP/SAVP 0 8 ") for line in offer)
    assert {"a=setup:actpass", "a=rtcp-mux", f"a=fingerprint:sha-256 {PRINT}"} <= set(offer)
    assert not [line for line in offer if line.startswith(("a=ice", "a=candidate", "a=mid", "a=group"))]
    assert made.accept(body(PHONE.replace("UDP/TLS/RTP/SAVP", "RTP/AVP"))) is not None, "not in the clear"
    assert made.accept(body(PHONE.replace("actpass", setup) + ICE)) is None
    agreed = made.connect().webrtc
    assert agreed is not None and not agreed.ice and agreed.active is (setup == "passive")


def test_attributes_may_stand_at_the_session_level() -> None:
    """RFC 8839 §5.4, RFC 8842 §5.1"""
    moved = [
        f"a=fingerprint:sha-256 {PRINT}",
        "a=ice-ufrag:Oyef",
        "a=ice-pwd:uLJiAI21pbs+qhQa8LbWGiPH",
        "a=setup:active",
    ]
    lines = [
        line
        for line in CHROMIUM.splitlines()
        if not line.startswith(tuple(m.partition(":")[0] for m in moved))
    ]
    at = lines.index("t=0 0")
    found = peer(body("\n".join([*lines[: at + 1], "a=ice-lite", *moved, *lines[at + 1 :]]) + "\n"))
    assert found.credentials.ufrag == "Oyef" and found.setup is Setup.ACTIVE and found.lite


def test_our_offer_and_a_browsers_answer() -> None:
    made = leg()
    offer = made.offer().decode().split("\r\n")
    assert "a=setup:actpass" in offer and "a=group:BUNDLE 0" in offer and "a=mid:0" in offer
    answer = body(actpass="active").split(b"m=video")[0]
    assert made.accept(answer) is None
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.controlling and not connect.webrtc.active


def test_an_answer_that_leaves_the_roles_open_is_refused() -> None:
    made = leg()
    made.offer()
    assert made.accept(body().split(b"m=video")[0]) is not None


def test_hold_keeps_credentials_and_roles() -> None:
    made = leg()
    first = answer_to(body(), made)
    second = answer_to(body(CHROMIUM.replace("a=sendrecv", "a=sendonly")), made)
    kept = ("a=ice-", "a=setup", "a=fingerprint", "a=candidate", "a=mid")
    assert [line for line in first if line.startswith(kept)] == [
        line for line in second if line.startswith(kept)
    ]
    assert "a=recvonly" in second and made.negotiated is not None and made.negotiated.hold
    again = made.offer().decode()
    assert "a=setup:actpass" in again and "m=video 0" in again


def test_new_credentials_of_the_peer_get_new_ones_of_ours() -> None:
    """An ICE restart, RFC 8839 §4.4.1.1.1."""
    made = leg()
    answer_to(body(), made)
    before = made.connect().webrtc
    answer_to(body(Oyef="Zzzz"), made)
    after = made.connect().webrtc
    assert before is not None and after is not None
    assert after.local != before.local and after.remote.ufrag == "Zzzz" and after.active is before.active


def test_a_lite_peer_leaves_the_choice_to_us() -> None:
    made = leg()
    answer_to(body(CHROMIUM.replace("t=0 0", "t=0 0\na=ice-lite")), made)
    connect = made.connect()
    assert connect.webrtc is not None and connect.webrtc.controlling


def test_browsers_and_phones_are_told_apart_by_their_offers() -> None:
    plain = (
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n"
    )
    assert is_browser(body(), LIMITS, web=False) and not is_browser(plain, LIMITS, web=True)
    assert is_browser(b"", LIMITS, web=True) and not is_browser(b"nonsense", LIMITS, web=True)


def test_a_stream_does_not_change_between_both_worlds() -> None:
    plain = (
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n"
    )
    assert isinstance(leg().answer(plain), Refusal)
    phone = Leg(LegId("call_x/1"), "192.0.2.1", 7, LIMITS, random.Random(7).randbytes, AudioTerms())
    phone.take(20_000)
    assert isinstance(phone.answer(body()), Refusal)


@given(st.text(alphabet="0123456789 .:abcdefudptyphost", max_size=80))
def test_any_candidate_line_is_read_or_left_out(value: str) -> None:
    text = CHROMIUM.replace("a=ice-options:trickle", f"a=candidate:{value}")
    for candidate in peer(body(text)).candidates:
        assert 0 < candidate.port <= 65_535 and 0 < candidate.priority < 1 << 32


def test_where_a_stun_server_sees_us_is_a_candidate_too() -> None:
    made = Leg(
        LegId("call_x/1"), "192.0.2.1", 7, LIMITS, random.Random(7).randbytes, AudioTerms(), browser=True
    )
    made.take(20_000, f"sha-256 {PRINT}", ("198.51.100.9", 60_001))
    candidates = [line for line in answer_to(body(), made) if line.startswith("a=candidate")]
    assert candidates[1] == (
        "a=candidate:2 1 udp 1694498815 198.51.100.9 60001 typ srflx raddr 192.0.2.1 rport 20000"
    )

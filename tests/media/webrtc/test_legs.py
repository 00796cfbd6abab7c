"""WebRTC legs in an engine, with browsers made of our own ICE and DTLS on the in-memory network."""

import random
import struct
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from config.schema import MediaLimits
from media.port import (
    Allocate,
    Allocated,
    Bridge,
    Digit,
    Echo,
    Failed,
    IceCredentials,
    LegId,
    NoAudio,
    Release,
    Released,
    Secured,
    SendDigits,
)
from media.rtp.telephone_event import DIGITS
from media.webrtc import stun
from media.webrtc.stun import Address
from media.webrtc.transport import Transport
from tests.support.phone import HOST, Studio, signal_to_noise, tone
from tests.support.webrtc import Browser, mirrored


def payloads(browser: Browser) -> list[bytes]:
    return [bytes(packet.payload) for _, packet in browser.received if packet.payload_type == 0]


def spoken(frequency: float, frames: int) -> list[bytes]:
    from media.codec import g711

    data = g711.encode_ulaw(tone(frequency, frames * 0.02)).tobytes()
    return [data[at : at + 160] for at in range(0, len(data), 160)]


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("controlling", [True, False])
def test_a_browser_hears_its_echo(controlling: bool, active: bool) -> None:
    studio = Studio()
    browser = Browser(studio, controlling=controlling, active=active)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    browser.script = spoken(500, 100)
    studio.run(3.5)
    (secured,) = studio.of(Secured)
    assert secured.peer == browser.at and secured.suite and not studio.of(Failed)
    said, heard = spoken(500, 100), payloads(browser)
    assert sum(frame in heard for frame in said) >= 95
    studio.engine.execute(Release(browser.leg))
    stats = studio.of(Released)[0].stats
    assert stats.packets_received == 100 and stats.malformed == 0 and stats.foreign == 0


@pytest.mark.parametrize("reduced", [True, False])
def test_feedback_alone_is_read_where_it_was_agreed_on_and_tells_nothing_of_what_is_heard(
    reduced: bool,
) -> None:
    """RFC 5506 §3.4.1; who is heard, and whose reports never mention ours, is `one_way`."""
    studio = Studio()
    browser = Browser(studio)
    browser.view = replace(browser.view, reduced=reduced)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    browser.script = spoken(500, 400)
    for number in range(80):
        studio.run(0.1)
        if browser.srtp is not None and number >= 20:
            feedback = struct.pack("!BBHII", 0x81, 205, 3, 0x77, 1) + number.to_bytes(4, "big")
            browser.socket.sendto(browser.srtp.seal_rtcp(feedback), browser.transport.selected)
    studio.run(0.1)
    assert not [event for event in studio.of(NoAudio) if event.reason == "one_way"]
    studio.engine.execute(Release(browser.leg))
    assert studio.of(Released)[0].stats.malformed == (0 if reduced else 60)


def test_a_browser_that_trickles_and_named_no_address_yet_is_found_by_its_checks() -> None:
    studio = Studio()
    browser = Browser(studio, told=())
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    browser.script = spoken(500, 50)
    studio.run(2.5)
    (secured,) = studio.of(Secured)
    assert secured.peer == browser.at and not studio.of(Failed)
    said, heard = spoken(500, 50), payloads(browser)
    assert sum(frame in heard for frame in said) >= 45


@pytest.mark.parametrize("mux", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_a_phone_without_ice_hears_its_echo(active: bool, mux: bool) -> None:
    """RFC 5763: it is where it says, and proves by its certificate who it is."""
    studio = Studio()
    phone = Browser(studio, ice=False, active=active)
    phone.view = replace(phone.view, mux=mux)
    studio.engine.execute(Echo(phone.leg))
    phone.connect()
    phone.script = spoken(500, 400)
    studio.run(9.0)
    (secured,) = studio.of(Secured)
    assert secured.peer == phone.at and not studio.of(Failed)
    said, heard = spoken(500, 400), payloads(phone)
    assert sum(frame in heard for frame in said) >= 395
    assert bool(phone.reports) is mux, "the port of RTCP alone would need a DTLS of its own"
    assert studio.network.sockets[phone.server].peer == phone.at, "the kernel filters"


def test_a_phone_without_ice_behind_a_nat_is_found_by_its_handshake() -> None:
    """Its description names a private address; its signalling comes from the NAT's."""
    studio = Studio()
    told = (("192.168.7.7", 5000), ("203.0.113.80", 0))
    phone = Browser(studio, ice=False, active=False, told=told)
    studio.engine.execute(Echo(phone.leg))
    phone.connect()
    phone.script = spoken(500, 50)
    studio.run(2.5)
    assert [secured.peer for secured in studio.of(Secured)] == [phone.at]
    assert sum(frame in payloads(phone) for frame in spoken(500, 50)) >= 45


def test_a_stranger_does_not_shake_hands_in_the_place_of_a_phone_without_ice() -> None:
    """It guesses our port; its certificate is not the one that was told, and the phone is heard after it."""
    studio = Studio()
    phone = Browser(studio, ice=False, active=False)
    stranger = Browser(studio, "other", host="198.51.100.9", ice=False, active=False)
    stranger.server, phone.gone = phone.server, True
    mine = replace(mirrored(stranger.view, phone.server, fingerprint=phone.told), ice=False)
    studio.engine.execute(Echo(phone.leg))
    phone.connect()
    studio.run(1.0)
    bits = random.Random(5).getrandbits
    stranger.transport = Transport(mine, stranger.certificate, MediaLimits(), bits, studio.loop.time())
    studio.run(1.0)
    assert not studio.of(Secured) and not studio.of(Failed)
    phone.gone = False
    phone.script = spoken(500, 50)
    studio.run(3.0)
    assert [secured.peer for secured in studio.of(Secured)] == [phone.at]


def test_nothing_leaves_in_the_clear_before_the_keys_are_there() -> None:
    studio = Studio()
    browser = Browser(studio)
    studio.engine.execute(Echo(browser.leg))
    sent: list[bytes] = []
    send = studio.network.send

    def spy(source: tuple[str, int], target: tuple[str, int], data: bytes) -> None:
        if source[0] == HOST:
            sent.append(data)
        send(source, target, data)

    studio.network.send = spy  # type: ignore[method-assign]
    browser.connect()
    browser.gone = True
    studio.run(2.0)
    assert sent and all(data[0] < 4 for data in sent), "STUN alone"


def test_the_kernel_filters_once_ice_has_settled_and_checks_still_pass() -> None:
    studio = Studio()
    browser = Browser(studio)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    browser.script = spoken(500, 2_500)
    studio.run(8.0)
    assert studio.network.sockets[browser.server].peer == browser.at
    studio.run(37.0)
    assert not studio.of(Failed), "consent is answered on the locked socket (RFC 7675)"
    assert browser.transport.failure is None


def test_a_browser_that_is_gone_ends_its_leg_when_consent_is_lost() -> None:
    studio = Studio(limits={"silence_timeout": 1_000.0})
    browser = Browser(studio)
    browser.connect()
    browser.script = spoken(500, 300)
    studio.run(7.0)
    browser.gone = True
    studio.run(31.0)
    (failed,) = studio.of(Failed)
    assert failed.cause == "consent_lost" and failed.leg == browser.leg
    sent = studio.network.sockets[browser.at].queue
    sent.clear()
    studio.run(1.0)
    assert not sent, "nothing is sent without consent"


def test_a_browser_that_cannot_be_reached_fails_by_name() -> None:
    studio = Studio()
    browser = Browser(studio)
    browser.gone = True
    browser.connect()
    studio.run(15.5)
    (failed,) = studio.of(Failed)
    assert failed.cause == "ice_timeout" and "public_address" in failed.detail


def test_a_certificate_that_was_not_announced_is_refused() -> None:
    studio = Studio()
    browser = Browser(studio, fingerprint="sha-256 " + ":".join(["AA"] * 32))
    browser.connect()
    studio.run(2.0)
    (failed,) = studio.of(Failed)
    assert failed.cause == "dtls_failed" and "fingerprint" in failed.detail and not studio.of(Secured)


def test_a_handshake_that_never_comes_times_out() -> None:
    studio = Studio(limits={"dtls_timeout": 3.0})
    browser = Browser(studio)
    browser.transport._dtls_until = None
    take = browser.transport.take
    browser.transport.take = lambda: [sent for sent in take() if sent[0][0] < 4]  # type: ignore[method-assign]
    browser.connect()
    studio.run(5.0)
    (failed,) = studio.of(Failed)
    assert failed.cause == "dtls_failed"


def test_a_browser_and_a_phone_hear_each_other_and_each_others_digits() -> None:
    studio = Studio()
    browser, phone = Browser(studio), studio.phone("phone")
    studio.engine.execute(Bridge(browser.leg, phone.leg))
    browser.connect()
    studio.run(1.0)
    browser.script = spoken(700, 100)
    phone.say(tone(900, 2.0))
    studio.run(2.3)
    assert signal_to_noise(phone.heard(), tone(700, 1.0)) > 30
    assert sum(frame in payloads(browser) for frame in spoken(900, 100)) > 90
    studio.engine.execute(SendDigits(browser.leg, "5"))
    for end, duration in ((False, 400), (True, 800), (True, 800), (True, 800)):
        event = bytes((DIGITS.index("7"), 0x8A if end else 0x0A)) + duration.to_bytes(2, "big")
        browser.send(event, payload_type=101, timestamp=99)
        studio.run(0.02)
    studio.run(0.6)
    assert [event.digit for event in studio.of(Digit)] == ["7"]
    assert {packet.payload[0] for _, packet in browser.received if packet.payload_type == 101} == {5}
    assert any(p.payload_type == 101 and p.payload[0] == 7 for _, p in phone.received)


def test_rtcp_shares_the_port() -> None:
    """RFC 5761"""
    studio = Studio()
    browser = Browser(studio)
    browser.connect()
    studio.run(16.0)
    assert len(browser.reports) >= 2
    studio.engine.execute(Release(browser.leg))
    studio.run(2.1)
    assert browser.reports[-1][-8] & 0x1F == 1 and browser.transport.failure == (
        "dtls_closed",
        "the peer closed its DTLS association",
    )


def test_others_are_not_heard_whatever_they_send() -> None:
    studio = Studio()
    browser = Browser(studio)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    studio.run(1.0)
    stranger = studio.network.bind("203.0.113.99", 9)
    for data in (
        b"",
        b"\x16\xfe\xfd" + bytes(50),
        bytes(40),
        b"\x80\0" + bytes(170),
        b"\0\1\0\0!\x12\xa4B" + bytes(12),
    ):
        stranger.sendto(data, browser.server)
        studio.run(0.02)
    assert not stranger.queue and not studio.of(Failed)
    browser.script = spoken(500, 50)
    studio.run(1.5)
    assert len(payloads(browser)) > 50


def test_hold_and_resume_keep_keys_and_path() -> None:
    studio = Studio()
    browser = Browser(studio)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    studio.run(1.0)
    browser.connect()
    browser.script = spoken(500, 50)
    studio.run(1.5)
    assert len(studio.of(Secured)) == 1 and sum(f in payloads(browser) for f in spoken(500, 50)) > 45


def test_new_credentials_restart_ice_on_the_same_keys() -> None:
    """RFC 8445 §9, RFC 8842 §4: the DTLS association goes on."""
    studio = Studio()
    browser = Browser(studio)
    studio.engine.execute(Echo(browser.leg))
    browser.connect()
    studio.run(6.5)
    fresh = IceCredentials("new1", "n" * 22), IceCredentials("new2", "m" * 22)
    browser.view = replace(browser.view, local=fresh[0], remote=fresh[1])
    mine = replace(browser.transport.terms, local=fresh[1], remote=fresh[0])
    browser.transport.change(mine, studio.loop.time())
    browser.connect()
    browser.script = spoken(500, 50)
    studio.run(2.0)
    assert len(studio.of(Secured)) == 1 and not studio.of(Failed)
    assert sum(frame in payloads(browser) for frame in spoken(500, 50)) > 45


def test_legs_without_webrtc_have_no_certificate() -> None:
    studio = Studio()
    studio.phone("leg")
    assert studio.engine._web._certificate is None
    assert np.isinf(studio.engine._table.columns.web_at).all()


def stun_server(studio: Studio, *, answers: bool) -> Address:
    """What it answers, it answers with a fixed address."""
    server = studio.network.bind("192.0.2.53", 3_478)

    def turn(_: float) -> None:
        while server.queue:
            data, source = server.queue.popleft()
            asked = stun.parse(data)
            assert asked is not None
            if answers:
                seen = stun.mapped(("198.51.100.99", 60_001), asked.transaction)
                server.sendto(stun.build(stun.Kind.SUCCESS, asked.transaction, (seen,)), source)

    studio.phones.append(SimpleNamespace(turn=turn))  # type: ignore[arg-type]
    return server.at  # type: ignore[no-any-return]


def test_a_stun_server_tells_where_the_port_is_seen_before_the_leg_is_offered() -> None:
    studio = Studio()
    at = stun_server(studio, answers=True)
    studio.engine.execute(Allocate(LegId("web"), HOST, webrtc=True, stun=(at,)))
    assert not studio.of(Allocated)
    studio.run(0.1)
    (allocated,) = studio.of(Allocated)
    assert allocated.seen == ("198.51.100.99", 60_001) and allocated.fingerprint


def test_a_stun_server_that_is_silent_holds_nobody_up() -> None:
    studio = Studio()
    at = stun_server(studio, answers=False)
    studio.engine.execute(Allocate(LegId("web"), HOST, webrtc=True, stun=(at, ("192.0.2.54", 1))))
    studio.run(0.45)
    assert not studio.of(Allocated)
    studio.engine.execute(Allocate(LegId("other"), HOST))
    studio.engine.execute(Release(LegId("other")))
    studio.run(0.1)
    assert [event.seen for event in studio.of(Allocated) if event.leg == "web"] == [None]


def test_a_leg_that_goes_while_it_is_looked_at_is_forgotten() -> None:
    studio = Studio()
    at = stun_server(studio, answers=False)
    studio.engine.execute(Allocate(LegId("web"), HOST, webrtc=True, stun=(at,)))
    studio.engine.execute(Release(LegId("web")))
    studio.run(1.0)
    assert not studio.of(Allocated) and len(studio.of(Released)) == 1 and not studio.engine._web.asking


def test_a_browser_that_hangs_up_is_left_the_time_to_say_so() -> None:
    """It closes DTLS and sends BYE at once, on two ways; only without the BYE has the leg failed."""
    studio = Studio()
    browser = Browser(studio)
    browser.connect()
    studio.run(1.0)
    browser.transport.close(studio.loop.time())
    studio.run(1.9)
    assert not studio.of(Failed)
    studio.run(0.3)
    assert [event.cause for event in studio.of(Failed)] == ["dtls_closed"]

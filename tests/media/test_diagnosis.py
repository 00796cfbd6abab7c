"""Why no audio: each reason, found by what it looks like on the wire, told once, with what to change."""

from collections import Counter

import numpy as np
import pytest

from media.diagnosis import Diagnosis
from media.leg import Leg
from media.port import Allocate, Codec, Connect, Direction, LegId, NoAudio, Release, Released
from media.rtp import packet, rtcp
from tests.support.phone import DTMF, HOST, PCMA, PCMU, Phone, Studio, noise, tone


def told(studio: Studio) -> list[str]:
    return [event.reason for event in studio.of(NoAudio)]


def test_a_peer_that_sends_nothing_is_said_so_once() -> None:
    studio = Studio()
    studio.phone("leg")
    studio.run(2.5)
    assert not told(studio)
    studio.run(10.0)
    (event,) = studio.of(NoAudio)
    assert event.reason == "no_packet" and "203.0.113.1:4000" in event.detail and "20000" in event.fix
    studio.engine.execute(Release(LegId("leg")))
    assert studio.of(Released)[0].stats.no_audio == "no_packet"


def test_silent_legs_are_looked_at_a_share_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of answered calls without audio, as load tests hold them: no tick looks at all of them."""
    looked = Counter[int]()
    rounds: list[int] = []
    explain, look = Diagnosis._explain, Diagnosis.look

    def explained(self: Diagnosis, leg: Leg) -> None:
        looked[leg.slot] += 1
        explain(self, leg)

    def counted(self: Diagnosis, now: float, share: int) -> None:
        before = looked.total()
        look(self, now, share)
        rounds.append(looked.total() - before)

    monkeypatch.setattr(Diagnosis, "_explain", explained)
    monkeypatch.setattr(Diagnosis, "look", counted)
    studio = Studio(legs=64)
    for number in range(40):
        studio.phone(f"leg{number}")
    studio.run(4.0)
    rounds.clear()
    looked.clear()
    studio.run(1.0)
    assert max(rounds) == 4 and set(looked.values()) == {2}, "each of the 40 is seen twice a second"
    assert len(told(studio)) == 40


@pytest.mark.parametrize("host", ["192.168.1.5", "10.0.0.7", "172.16.3.4", "100.64.0.1", "fd00::5"])
def test_a_private_address_in_the_sdp_is_named(host: str) -> None:
    studio = Studio()
    studio.phone("leg", remote=(host, 4000))
    studio.run(5.0)
    (event,) = studio.of(NoAudio)
    assert event.reason == "private_address" and host in event.detail and "public_address" in event.fix


def test_a_private_address_does_no_harm_when_packets_come() -> None:
    studio = Studio()
    phone = studio.phone("leg", remote=("192.168.1.5", 4000))
    phone.say(tone(500, 8.0))
    studio.run(8.0)
    assert told(studio) == []


def test_packets_of_a_payload_type_that_nobody_agreed_on_are_named() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    for _ in range(250):
        phone.send(bytes(33), payload_type=3)
        studio.run(0.02)
    (event,) = studio.of(NoAudio)
    assert (
        event.reason == "wrong_payload_type" and "payload type 3" in event.detail and "0, 8" in event.detail
    )


def test_packets_of_another_source_than_the_one_heard_are_named() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 3.0))
    studio.run(3.2)
    other = studio.network.bind("198.51.100.77", 9_999)
    data = packet.build(0, False, 1, 1, 99, bytes(160))
    for _ in range(300):
        other.sendto(data, phone.server)
        studio.run(0.02)
    (event,) = studio.of(NoAudio)
    assert event.reason == "wrong_source" and "198.51.100.77:9999" in event.detail


def test_a_muted_microphone_is_found_in_every_law() -> None:
    for law, silence in ((PCMU, b"\xff"), (PCMA, b"\xd5")):
        studio = Studio()
        phone = studio.phone("leg", law=law)
        phone.script = [silence * 160] * 700
        studio.run(14.0)
        assert told(studio) == ["muted"]


def test_somebody_who_listens_quietly_is_not_muted() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(noise(20.0, seed=1, level=0.001))
    studio.run(20.0)
    assert told(studio) == []


def test_silence_that_was_announced_is_no_fault() -> None:
    """RFC 3389"""
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 1.0))
    studio.run(1.2)
    for _ in range(60):
        phone.send(b"\x50", payload_type=13, samples=1600)
        studio.run(0.2)
    assert told(studio) == []


def test_a_leg_on_hold_has_nothing_to_explain() -> None:
    studio = Studio()
    studio.phone("leg", direction=Direction.SENDONLY)
    studio.run(10.0)
    assert told(studio) == []


def report(phone: Phone, ours: int | None) -> bytes:
    block = rtcp.Block(ours, 0, 0, 77, 0) if ours is not None else None
    return rtcp.build(phone.ssrc, "peer", 0.0, rtcp.Sending(0, 1, 160), block)


@pytest.mark.parametrize("mentions", [True, False])
def test_reports_that_never_mention_our_audio_say_that_the_peer_does_not_hear(mentions: bool) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 12.0))
    for _ in range(5):
        studio.run(2.0)
        ours = phone.received[-1][1].ssrc if mentions else None
        phone.rtcp.sendto(report(phone, ours), (HOST, phone.server[1] + 1))
    studio.run(1.0)
    assert told(studio) == ([] if mentions else ["one_way"])


def test_packets_that_the_keys_do_not_open_are_named() -> None:
    from media.port import Crypto

    studio = Studio()
    studio.engine.execute(Allocate(LegId("leg"), HOST))
    keys = Crypto("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30)))
    codec = Codec("pcmu", 0)
    studio.engine.execute(Connect(LegId("leg"), ("203.0.113.9", 4000), codec, (codec,), DTMF, crypto=keys))
    peer = studio.network.bind("203.0.113.9", 4000)
    chance = np.random.default_rng(1)
    for number in range(250):
        peer.sendto(packet.build(0, False, number, number, 1, chance.bytes(170)), (HOST, 20_000))
        studio.run(0.02)
    assert told(studio) == ["wrong_keys"]


def test_who_is_late_to_speak_lacked_nothing_in_the_end() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(5.0)
    phone.say(tone(500, 1.0))
    studio.run(1.2)
    studio.engine.execute(Release(phone.leg))
    assert told(studio) == ["no_packet"] and studio.of(Released)[0].stats.no_audio == ""

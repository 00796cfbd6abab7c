"""Where nobody says anything little is sent, and nothing of what anybody says is lost by it."""

from itertools import pairwise

import numpy as np
import pytest

from media.codec.table import NUMBER, wide
from media.port import (
    Bridge,
    Codec,
    Connect,
    Crypto,
    Echo,
    Join,
    Record,
    Release,
    RoomId,
    SendDigits,
    Silent,
    Tone,
)
from tests.support.phone import DTMF, PCMA, PCMU, Phone, Studio, level_of, signal_to_noise, tone


def bridged(studio: Studio) -> tuple[Phone, Phone]:
    one, two = studio.phone("one"), studio.phone("two", law=PCMA)
    studio.engine.execute(Bridge(one.leg, two.leg))
    return one, two


def count(phone: Phone, studio: Studio, seconds: float) -> int:
    """Packets that come in the next so many seconds."""
    before = len(phone.received)
    studio.run(seconds)
    return len(phone.received) - before


def assert_well_timed(phone: Phone) -> None:
    """RFC 3550 §5.1: no number is left out, the timestamp tells when a packet was due, pauses end marked."""
    clock = phone.law.clock_rate
    for (then, a), (now, b) in pairwise(phone.received):
        assert (b.sequence - a.sequence) & 0xFFFF == 1 and a.ssrc == b.ssrc
        assert abs((b.timestamp - a.timestamp) / clock - (now - then)) < 0.03
        assert b.marker or now - then < 0.04
    first, last = phone.received[0], phone.received[-1]
    assert abs((last[1].timestamp - first[1].timestamp) / clock - (last[0] - first[0])) < 0.03, "no drift"


def test_a_call_in_which_nobody_speaks_is_sent_a_packet_a_second() -> None:
    """RFC 6263 §4 asks for one in 15 s; who answers where our packets come from waits no longer than this."""
    studio = Studio()
    one, two = bridged(studio)
    assert 95 <= count(one, studio, 2.0) <= 105, "at first both ways are opened"
    studio.run(0.2)
    for phone in (one, two):
        phone.received.clear()
    studio.run(30.0)
    for phone, silence in ((one, b"\xff"), (two, b"\xd5")):
        assert 26 <= len(phone.received) <= 34
        assert all(bytes(p.payload) == silence * 160 for _, p in phone.received)
        assert max(b - a for (a, _), (b, _) in pairwise(phone.received)) <= 1.11
        assert_well_timed(phone)


@pytest.mark.parametrize(
    "codec",
    [Codec("g722", 9), Codec("opus", 111, 48_000), Codec("l16", 96, 16_000)],
    ids=["g722", "opus", "l16"],
)
def test_wideband_codecs_pause_and_go_on_as_one_stream(codec: Codec) -> None:
    studio = Studio()
    one = studio.phone("one")
    two = studio.phone("two", law=codec, connect=False)
    studio.engine.execute(Connect(two.leg, (two.host, two.port), codec, (codec, PCMU), DTMF))
    studio.engine.execute(Bridge(one.leg, two.leg))
    one.say(tone(500, 1.0))
    studio.run(4.0)
    assert 8 <= count(two, studio, 10.0) <= 12
    speech = tone(500, 1.0)
    one.say(speech)
    assert count(two, studio, 1.0) >= 48
    studio.run(0.2)
    assert_well_timed(two)
    decoder = wide(NUMBER[codec.name]).decoder()
    frames = [decoder.decode(bytes(p.payload)) for _, p in two.received[-65:]]
    loud = [level_of(frame) > 60 for frame in frames]
    begins = loud.index(True)
    assert sum(loud) <= 60 and all(loud[begins : begins + 49]), "the word, whole, behind silence"
    heard = np.concatenate(frames[begins + 3 : begins + 45])
    times = 2 * np.pi * 500 / 16_000 * np.arange(len(heard))
    basis = np.stack((np.sin(times), np.cos(times)))
    assert 2 * np.square(basis @ heard).sum() / len(heard) > 0.98 * np.square(heard.astype(float)).sum()


def test_a_quiet_leg_that_is_gone_troubles_nobody() -> None:
    """Others go on to be looked after: their silence is noticed, and RTCP sent."""
    studio = Studio(limits={"silence_timeout": 8.0})
    one, two = bridged(studio)
    studio.run(3.0)
    studio.engine.execute(Release(one.leg))
    studio.run(7.0)
    assert [event.leg for event in studio.of(Silent)] == [two.leg]


@pytest.mark.parametrize("after", [3.0, 12.34, 31.007])
def test_who_speaks_up_is_heard_from_the_first_frame_on(after: float) -> None:
    studio = Studio()
    one, two = bridged(studio)
    studio.run(after)
    speech = tone(500, 1.0)
    one.say(speech)
    studio.run(1.3)
    assert signal_to_noise(two.heard(), speech) > 30
    assert count(one, studio, 0.5) >= 24, "and who speaks is sent silence as ever"
    for phone in (one, two):
        assert_well_timed(phone)


@pytest.mark.parametrize("what", ["tone", "digits", "room", "new offer", "echo"])
def test_who_is_to_hear_something_is_sent_it_at_once(what: str) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(5.0)
    assert count(phone, studio, 1.0) <= 1
    match what:
        case "tone":
            studio.engine.execute(Tone(phone.leg, "busy", (440.0,), ((0.5, 0.5),)))
        case "digits":
            studio.engine.execute(SendDigits(phone.leg, "1234567"))
        case "room":
            studio.engine.execute(Join(phone.leg, RoomId("r")))
        case "new offer":
            phone.connect()
        case _:
            studio.engine.execute(Echo(phone.leg))
            phone.say(tone(500, 1.0))
    assert count(phone, studio, 0.9) >= 43
    assert (what == "digits") is any(p.payload_type == DTMF for _, p in phone.received)
    if what != "digits":
        assert_well_timed(phone)


def test_what_a_quiet_leg_is_sent_is_recorded_in_its_time(tmp_path: object) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(5.0)
    studio.engine.execute(Record(phone.leg, f"{tmp_path}/call.wav", stereo=True))
    assert count(phone, studio, 3.0) >= 145, "a recording has no holes"


def test_the_packet_of_a_secured_leg_is_secured() -> None:
    studio = Studio()
    crypto = Crypto("AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(range(30, 60)))
    phone = studio.phone("leg", crypto=crypto)
    studio.run(3.0)
    phone.received.clear()
    studio.run(30.0)
    assert {len(p.payload) for _, p in phone.received} == {160 + 10}, "the tag of RFC 3711 §5.2"
    assert len({bytes(p.payload) for _, p in phone.received}) == len(phone.received)

"""Digits of legs: told, passed on and sent."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from media.codec import g711
from media.codec.table import NUMBER, wide
from media.dsp.goertzel import FREQUENCIES, ToneKeys
from media.port import (
    AgentSpec,
    AttachAgent,
    Bridge,
    Codec,
    Connect,
    Digit,
    DigitDue,
    DigitsSent,
    Flash,
    HearDigit,
    LegId,
    Play,
    Played,
    SendDigits,
    StopPlay,
)
from media.prompt import made_of
from media.rtp.telephone_event import DIGITS, EVENTS, DigitSender
from tests.support.phone import DTMF, PCMU, Phone, Studio, digits_of, tone
from tests.support.sound import frames

LEG = LegId("leg")


def test_a_key_by_info_is_told_to_the_edge_and_the_agent_with_its_method() -> None:
    studio = Studio()
    studio.phone("leg")
    studio.engine.execute(AttachAgent(LEG, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    studio.engine.execute(HearDigit(LEG, "5", "info", 160))
    assert studio.of(Digit) == [Digit(LEG, "5", "info", 160)]
    assert ("digit", 0, "5") in studio.agents.told


def test_a_key_by_info_and_rtp_is_told_once() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.send(b"\x07\x8a\x03\x20", payload_type=DTMF)
    studio.run(0.1)
    studio.engine.execute(HearDigit(LEG, "7", "info", 100))
    assert [(event.digit, event.method) for event in studio.of(Digit)] == [("7", "rfc4733")]


def test_a_key_by_info_crosses_a_bridge_in_rtp() -> None:
    studio = Studio()
    one, two = studio.phone("one"), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    studio.engine.execute(HearDigit(one.leg, "9", "info", 100))
    studio.run(0.5)
    assert any(p.payload_type == DTMF and p.payload[0] == 9 for _, p in two.received)


def test_a_key_in_the_audio_is_told_where_nothing_else_was_agreed_on() -> None:
    studio = Studio()
    with_events, without = studio.phone("leg"), studio.phone("bare", dtmf=None)
    for phone in (with_events, without):
        phone.say(np.concatenate((tone(0, 0.2), tone(770, 0.1, 0.1) + tone(1336, 0.1, 0.1), tone(0, 0.2))))
    studio.run(0.6)
    (digit,) = studio.of(Digit)
    assert (digit.leg, digit.digit, digit.method) == (without.leg, "5", "inband")
    assert 80 <= digit.duration_ms <= 120


def test_what_is_no_key_is_passed_over() -> None:
    studio = Studio()
    studio.phone("leg")
    for digit in ("", "x", "12", "?"):
        studio.engine.execute(HearDigit(LEG, digit, "info", 100))
    assert studio.of(Digit) == []


def heard_in(pcm: np.ndarray) -> str:
    """The keys whose tones are in audio of 8 kHz."""
    keys, row = ToneKeys(1), np.zeros(1, np.int32)
    return "".join(press.key for frame in frames(pcm) for press in keys.process(row, frame[None, :]))


def press(
    phone: Phone, digits: str, milliseconds: int = 100, lose: Callable[[int, int], bool] | None = None
) -> None:
    """Press keys by RFC 4733, 60 ms apart; packets are lost where `lose(press, packet)` says so."""
    sender = DigitSender(64)
    sender.send(digits, milliseconds, 60, report=False)
    number, packet = -1, 0
    while not sender.is_idle():
        event, _ = sender.frame(phone.timestamp)
        if event is None:
            phone.send(b"\xff" * 160)
        else:
            number, packet = (number + 1, 0) if event.marker else (number, packet + 1)
            stamp, phone.timestamp = phone.timestamp, event.timestamp
            if lose is None or not lose(number, packet):
                phone.send(event.payload, payload_type=DTMF, marker=event.marker, samples=0)
            else:
                phone.sequence += 1
            phone.timestamp = stamp + 160
        phone.studio.run(0.020)


ALL = DIGITS + "1122*#"


@pytest.mark.parametrize("seed", range(4))
def test_each_key_is_told_once_though_a_tenth_of_the_packets_is_lost(seed: int) -> None:
    random = Random(seed)
    studio = Studio()
    press(studio.phone("leg"), ALL, lose=lambda number, packet: random.random() < 0.1)
    studio.run(0.3)
    assert digits_of(studio.of(Digit)) == ALL


@pytest.mark.parametrize(
    "lose", [lambda n, p: p < 2, lambda n, p: p >= 4, lambda n, p: p not in (2, 5), lambda n, p: p != 6]
)
def test_and_though_all_first_or_all_last_packets_are(lose: Callable[[int, int], bool]) -> None:
    studio = Studio()
    press(studio.phone("leg"), ALL, lose=lose)
    studio.run(0.3)
    assert digits_of(studio.of(Digit)) == ALL


@pytest.mark.parametrize("at_its_end", [False, True])
def test_a_key_held_for_ten_seconds_by_rtp_and_info_is_one_press(at_its_end: bool) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    info = HearDigit(phone.leg, "5", "info", 250)
    if not at_its_end:
        studio.engine.execute(info)
    for frame in range(1, 408):
        ending = frame > 404
        size = min(frame, 404) * 160
        event = bytes((5, 0x8A if ending else 0x0A)) + min(size, 0xFFFF).to_bytes(2, "big")
        phone.send(event, payload_type=DTMF, samples=0)
        studio.run(0.020)
    if at_its_end:
        studio.engine.execute(info)
    studio.run(0.3)
    assert digits_of(studio.of(Digit)) == "5"


def test_keys_to_who_takes_no_events_are_tones() -> None:
    """Sent by the method that the peer offered: 100 ms of two tones, 60 ms apart."""
    studio = Studio()
    phone = studio.phone("bare", dtmf=None)
    studio.engine.execute(SendDigits(phone.leg, "147*0#D x"))
    studio.run(2.0)
    assert heard_in(phone.heard()) == "147*0#D"
    assert studio.of(DigitsSent) == [DigitsSent(phone.leg, "147*0#D")]
    assert not any(p.payload_type == DTMF for _, p in phone.received)


@pytest.mark.parametrize("name", ["g722", "opus", "l16"])
def test_tones_are_sent_and_heard_by_wideband_codecs_too(name: str) -> None:
    codec = {"g722": Codec("g722", 9), "opus": Codec("opus", 111, 48_000), "l16": Codec("l16", 96, 16_000)}[
        name
    ]
    studio = Studio()
    phone = studio.phone("wide", law=codec, connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None))
    encoder = wide(NUMBER[name]).encoder()
    sung = np.concatenate([np.zeros(3200)] + [_sung(key, 16_000) for key in "159#"] + [np.zeros(3200)])
    for frame in frames(sung.astype(np.int16), 320):
        phone.send(encoder.encode(frame), samples=codec.clock_rate // 50)
        studio.run(0.020)
    studio.run(0.2)
    assert digits_of(studio.of(Digit)) == "159#" and {event.method for event in studio.of(Digit)} == {
        "inband"
    }
    studio.engine.execute(SendDigits(phone.leg, "2580"))
    studio.run(1.0)
    decoder = wide(NUMBER[name]).decoder()
    heard = np.concatenate([decoder.decode(bytes(packet.payload)) for _, packet in phone.received])
    assert heard_in(heard[::2].copy()) == "2580"


def _sung(key: str, rate: int) -> np.ndarray:
    time = np.arange(int(0.08 * rate)) / rate
    tones = sum(np.sin(2 * np.pi * hertz * time) for hertz in FREQUENCIES[key])
    return np.concatenate((4000 * tones, np.zeros(int(0.08 * rate))))


def test_a_key_crosses_a_bridge_to_who_takes_no_events_as_a_tone() -> None:
    studio = Studio()
    phone, bare = studio.phone("phone"), studio.phone("bare", dtmf=None)
    studio.engine.execute(Bridge(phone.leg, bare.leg))
    press(phone, "42#")
    studio.run(1.0)
    assert heard_in(bare.heard()) == "42#"


def test_a_prompt_waits_while_keys_are_heard_and_stopping_it_leaves_them() -> None:
    studio = Studio()
    phone = studio.phone("bare", dtmf=None)
    time = np.arange(8000) / 8000
    studio.prompts.store["p"] = made_of(8000, [(0.2 * np.sin(2 * np.pi * 400 * time)).astype(np.float32)])
    studio.run(0.1)
    studio.engine.execute(Play(phone.leg, "p", "p"))
    studio.run(0.5)
    studio.engine.execute(SendDigits(phone.leg, "5"))
    studio.run(1.0)
    assert studio.of(Played) == [Played(phone.leg, "p", 1000, True)]
    studio.engine.execute(Play(phone.leg, "q", "p"))
    studio.engine.execute(SendDigits(phone.leg, "6"))
    studio.engine.execute(StopPlay(phone.leg))
    studio.run(0.5)
    assert heard_in(phone.heard()) == "56" and len(studio.of(DigitsSent)) == 2


def test_of_very_many_keys_as_many_wait_as_may() -> None:
    studio = Studio(limits={"digits_queue": 8})
    phone = studio.phone("bare", dtmf=None)
    studio.engine.execute(SendDigits(phone.leg, "1" * 1000))
    studio.engine.execute(SendDigits(phone.leg, "2"))
    studio.run(2.0)
    assert heard_in(phone.heard()) == "1" * 8
    assert [sent.digits for sent in studio.of(DigitsSent)] == ["", "1" * 8]


EVENTS_WAY, INFO_WAY, TONES_WAY = "events", "info", "tones"
WAYS = (EVENTS_WAY, INFO_WAY, TONES_WAY)


def peer(studio: Studio, name: str, way: str, **more: Any) -> Phone:
    """A phone that takes keys so and in no other way."""
    phone = studio.phone(name, connect=False)
    dtmf = DTMF if way == EVENTS_WAY else None
    studio.engine.execute(
        Connect(phone.leg, (phone.host, phone.port), PCMU, (PCMU,), dtmf, info=way == INFO_WAY, **more)
    )
    return phone


def came_to(studio: Studio, phone: Phone) -> dict[str, str]:
    """Keys that it was sent, by the way."""
    stamps = {p.timestamp: p.payload[0] for _, p in phone.received if p.payload_type == DTMF}
    return {
        EVENTS_WAY: "".join(EVENTS[event] for event in stamps.values()),
        INFO_WAY: "".join(due.digit for due in studio.of(DigitDue) if due.leg == phone.leg),
        TONES_WAY: heard_in(phone.heard()),
    }


def sing(phone: Phone, keys: str, info: float | None = None, lead: float = 0.2) -> None:
    """Say keys as tones; each comes by INFO too, so long after its tone begins [s]."""
    pcm = np.concatenate([np.zeros(int(lead * 8000))] + [_sung(key, 8000) for key in keys] + [np.zeros(1600)])
    studio, at = phone.studio, [lead + 0.16 * place for place in range(len(keys))]
    for place, frame in enumerate(frames(pcm.astype(np.int16))):
        if info is not None:
            for key, began in zip(keys, at, strict=True):
                if place == int((began + info) / 0.02):
                    studio.engine.execute(HearDigit(phone.leg, key, "info", 80))
        phone.send(g711.encode_ulaw(frame).tobytes())
        studio.run(0.020)


def test_a_peer_that_takes_info_is_sent_keys_by_it_one_after_another() -> None:
    """Sent by the method that the peer offered: each leaves when its press begins."""
    studio = Studio()
    phone = peer(studio, "phone", INFO_WAY)
    studio.engine.execute(SendDigits(phone.leg, "12#", 100, 60))
    studio.run(0.1)
    assert studio.of(DigitDue) == [DigitDue(phone.leg, "1", 100)] and not studio.of(DigitsSent)
    studio.run(0.6)
    assert came_to(studio, phone) == {EVENTS_WAY: "", INFO_WAY: "12#", TONES_WAY: ""}
    assert studio.of(DigitsSent) == [DigitsSent(phone.leg, "12#")]


def test_or_as_tones_once_it_has_refused_that() -> None:
    studio = Studio()
    phone = peer(studio, "phone", INFO_WAY)
    studio.engine.execute(SendDigits(phone.leg, "5", tones=True))
    studio.run(0.4)
    assert came_to(studio, phone) == {EVENTS_WAY: "", INFO_WAY: "", TONES_WAY: "5"}


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("of", WAYS)
def test_a_key_crosses_a_bridge_once_whatever_each_side_speaks(of: str, to: str) -> None:
    studio = Studio()
    one, two = peer(studio, "one", of), peer(studio, "two", to)
    studio.engine.execute(Bridge(one.leg, two.leg))
    if of == EVENTS_WAY:
        press(one, "42#")
    elif of == INFO_WAY:
        for key in "42#":
            studio.engine.execute(HearDigit(one.leg, key, "info", 100))
            studio.run(0.2)
    else:
        sing(one, "42#")
    studio.run(1.0)
    assert came_to(studio, two) == {way: "42#" if way == to else "" for way in WAYS}
    assert digits_of(studio.of(Digit)) == "42#"


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("info", [-0.1, 0.0, 0.04, 0.15])
@pytest.mark.parametrize("lead", [0.2, 0.214])
def test_and_once_where_a_phone_sends_a_tone_and_an_info_at_once(to: str, info: float, lead: float) -> None:
    studio = Studio()
    one, two = peer(studio, "one", TONES_WAY), peer(studio, "two", to)
    studio.engine.execute(Bridge(one.leg, two.leg))
    sing(one, "4422#", info, lead)
    studio.run(1.0)
    assert came_to(studio, two) == {way: "4422#" if way == to else "" for way in WAYS}
    assert digits_of(studio.of(Digit)) == "4422#"


def test_tones_are_looked_for_beside_events_where_that_is_wished_and_are_never_told_twice() -> None:
    studio = Studio()
    one, two = peer(studio, "one", EVENTS_WAY, tones=True), peer(studio, "two", EVENTS_WAY)
    studio.engine.execute(Bridge(one.leg, two.leg))
    sing(one, "12")
    press(one, "3")
    studio.run(0.5)
    assert digits_of(studio.of(Digit)) == "123"
    assert came_to(studio, two) == {EVENTS_WAY: "123", INFO_WAY: "", TONES_WAY: ""}


def test_or_not_even_where_no_events_were_agreed_on() -> None:
    studio = Studio()
    phone = peer(studio, "one", TONES_WAY, tones=False)
    sing(phone, "12")
    assert studio.of(Digit) == []


def test_taking_tones_out_does_not_click() -> None:
    """A soft voice goes on beside the tones; where it is cut there is no larger step than in what came."""
    studio = Studio()
    one, two = peer(studio, "one", TONES_WAY), peer(studio, "two", EVENTS_WAY)
    studio.engine.execute(Bridge(one.leg, two.leg))
    time = np.arange(8000) / 8000
    hum = 800 * np.sin(2 * np.pi * 200 * time)
    hum[3000:3800] += sum(5000 * np.sin(2 * np.pi * hertz * time[:800]) for hertz in FREQUENCIES["5"])
    one.say(hum.astype(np.int16))
    studio.run(1.2)
    heard = two.heard().astype(np.int32)
    assert np.abs(np.diff(hum)).max() > 5000
    # Of the tone only its first 15 ms are heard, as they came, and then fall.
    loud = np.flatnonzero(np.abs(heard) > 2000)
    assert loud.max() - loud.min() < 8 * 40
    after = heard[loud.max() + 400 :]
    assert np.abs(np.diff(after, 2)).max() < 200


def test_a_flash_is_no_digit_and_crosses_to_who_reads_it() -> None:
    """RFC 4733 §3.2, event 16; not to who has not named it (§2.4.1), and there is no tone of it."""
    studio = Studio()
    agent = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")
    one = peer(studio, "one", EVENTS_WAY)
    for name, way, flash, expected in (
        ("reads", EVENTS_WAY, True, "!1"),
        ("does not", EVENTS_WAY, False, "1"),
        ("info", INFO_WAY, False, "!1"),
        ("tones", TONES_WAY, False, "1"),
    ):
        two = peer(studio, name, way, flash=flash)
        studio.engine.execute(Bridge(one.leg, two.leg))
        press(one, "!1")
        studio.run(0.5)
        assert came_to(studio, two)[way] == expected, name
    assert digits_of(studio.of(Digit)) == "1111"
    assert {(event.leg, event.method) for event in studio.of(Flash)} == {(one.leg, "rfc4733")}
    studio.engine.execute(AttachAgent(one.leg, agent, "c", "a"))
    press(one, "!")
    studio.engine.execute(HearDigit(one.leg, "!", "info", 100))
    assert not any(told[0] == "digit" for told in studio.agents.told) and len(studio.of(Flash)) == 5

"""Digits of legs: told, passed on and sent."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from media.codec.table import NUMBER, wide
from media.dsp.goertzel import FREQUENCIES, ToneKeys
from media.port import (
    AgentSpec,
    AttachAgent,
    Bridge,
    Codec,
    Connect,
    Digit,
    DigitsSent,
    HearDigit,
    LegId,
    Play,
    Played,
    SendDigits,
    StopPlay,
)
from media.prompt import made_of
from media.rtp.telephone_event import DIGITS, DigitSender
from tests.support.phone import DTMF, Phone, Studio, digits_of, tone
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
    for digit in ("", "x", "12", "!"):
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

"""Digits of legs: told, passed on and sent."""

import numpy as np

from media.port import AgentSpec, AttachAgent, Bridge, Digit, HearDigit, LegId
from tests.support.phone import DTMF, Studio, tone

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

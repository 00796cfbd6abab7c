"""Who answers is told who calls, and takes the call by a key."""

import pytest

from edge.command.acceptance import Acceptance
from edge.flow.command import Sound
from media import port
from tests.support.flow_call import FlowCall

CALLEE = port.LegId("callee/2")


def asked(*sounds: Sound, key: str = "1") -> tuple[FlowCall, Acceptance, list[bool]]:
    call = FlowCall("nodes: {a: {kind: agent, agent: nobody, next: b}, b: {kind: menu, timeout: 100}}")
    assert call.call is not None
    replies: list[bool] = []
    made = Acceptance(
        call.call, CALLEE, "t", sounds, lambda taken, now: replies.append(taken), key=key, seconds=5.0
    )
    made.start(call.bench.now)
    call.bench.drain()
    return call, made, replies


def press(call: FlowCall, made: Acceptance, digit: str, leg: port.LegId = CALLEE) -> None:
    made.media_event(port.Digit(leg, digit, "rfc4733", 100), call.bench.now)
    call.bench.drain()


def heard(call: FlowCall, made: Acceptance) -> None:
    for play in call.playing():
        call._ended.add(play.play)
        made.media_event(port.Played(CALLEE, play.play, 500, True), call.bench.now)


def test_the_briefing_is_heard_by_who_is_asked_and_by_nobody_else() -> None:
    call, _, _ = asked(Sound(file="/a.wav"))
    (play,) = call.playing()
    assert play.leg == CALLEE and play.path == "/a.wav"


@pytest.mark.parametrize("early", [True, False], ids=["during the briefing", "after it"])
def test_the_key_takes_the_call(early: bool) -> None:
    call, made, replies = asked(Sound(file="/a.wav"))
    if not early:
        heard(call, made)
    press(call, made, "2")
    press(call, made, "1", call.leg)  # the caller's key is nobody's answer
    assert not replies
    press(call, made, "1")
    assert replies == [True] and made.over and not call.playing()
    press(call, made, "1")
    assert replies == [True]


def test_silence_after_the_briefing_is_a_refusal() -> None:
    call, made, replies = asked(Sound(file="/a.wav"))
    call.bench.advance(20)
    assert not replies
    heard(call, made)
    call.bench.advance(4.9)
    assert not replies
    call.bench.advance(0.2)
    assert replies == [False]


def test_without_a_key_the_call_is_taken_when_the_briefing_is_over() -> None:
    call, made, replies = asked(Sound(file="/a.wav"), key="")
    press(call, made, "1")
    assert not replies
    heard(call, made)
    assert replies == [True]


def test_a_stopped_one_tells_nothing() -> None:
    call, made, replies = asked(Sound(file="/a.wav"))
    made.stop()
    press(call, made, "1")
    heard(call, made)
    call.bench.advance(10)
    assert not replies and made.over

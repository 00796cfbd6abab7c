"""One agent on one leg: its connection, its messages, and its end, on a hand clock."""

import json

import pytest

from config.schema import MediaLimits
from media.agent.contract import (
    Encoding,
)
from media.agent.effect import Close, Listen, Redial, Relane, Send
from media.agent.playout import Playout
from media.agent.session import State
from media.port import (
    AgentAsked,
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentMessage,
    AgentReconnecting,
    AgentSpoke,
    AgentToolCall,
    AgentTranscript,
    Answer,
    SendDigits,
    ToolResult,
    Words,
)
from tests.support.agent_leg import LEG, Leg, Named, Resumable, leg_of, message


def test_it_reports_the_open_socket_and_sends_the_greeting() -> None:
    leg = Leg(opened=False)
    leg.session.opened(10.25)
    connected, start = leg.effects()
    assert connected == AgentConnected(LEG, 250)
    assert isinstance(start, Send) and json.loads(start.message)["type"] == "start"


def test_the_bot_can_send_digits_to_the_caller_and_hears_the_callers() -> None:
    leg = Leg()
    leg.text(type="dtmf", digits="12#")
    leg.session.digit("7", 100, leg.now)
    assert leg.effects() == [SendDigits(LEG, "12#"), message(type="dtmf", digit="7", duration_ms=100)]


def test_its_last_words_are_played_before_it_has_ended() -> None:
    leg = Leg()
    leg.say(200)
    leg.text(type="hangup", reason="bye")
    leg.say(200)  # too late
    leg.play(200)
    assert leg.effects() == [AgentSpoke(LEG, None)] and leg.session.state is State.LEAVING
    leg.play(20)
    assert leg.effects() == [message(type="stop"), AgentEnded(LEG, "bye"), Close()]


def test_an_agent_that_closes_in_good_order_ends() -> None:
    leg = Leg()
    leg.session.closed("", leg.now)
    assert leg.effects() == [message(type="stop"), AgentEnded(LEG, "closed by the agent"), Close()]
    leg.session.failed("closed", "late", leg.now)
    assert leg.effects() == []


def test_barge_in_cuts_last_words_short() -> None:
    leg = Leg()
    leg.say(2000)
    leg.session.closed("", leg.now)
    leg.play(100)
    leg.session.caller_started(leg.now)
    leg.play(40)
    assert AgentEnded(LEG, "closed by the agent") in leg.effects()


def test_an_agent_that_breaks_off_fails_once_and_falls_silent() -> None:
    leg = Leg()
    leg.say(2000)
    leg.play(100)
    leg.effects()
    leg.session.failed("closed", "broken", leg.now)
    leg.session.failed("closed", "again", leg.now)
    leg.session.closed("again", leg.now)
    assert leg.effects() == [message(type="stop"), AgentFailed(LEG, "closed", "broken"), Close()]
    leg.play(200)
    assert leg.playout.heard(0) == 110 * 8


def test_hanging_up_says_stop_and_reports_nothing() -> None:
    leg = Leg()
    leg.session.hang_up(leg.now)
    assert leg.effects() == [message(type="stop"), Close()]


def test_hanging_up_while_dialling_says_nothing() -> None:
    leg = Leg(opened=False)
    leg.session.hang_up(leg.now)
    assert leg.effects() == [Close()]
    leg.session.opened(11.0)
    assert leg.effects() == []


@pytest.mark.parametrize("state", [State.DIALLING, State.ENDED])
def test_what_comes_when_it_is_not_open_is_dropped(state: State) -> None:
    leg = Leg(opened=False)
    leg.session.state = state
    leg.say(100)
    leg.text(type="clear")
    leg.session.digit("1", 100, leg.now)
    leg.session.caller_started(leg.now)
    leg.session.caller_stopped(leg.now)
    assert leg.session.take_effects() == [] and leg.playout.queued(0) == 0


def test_text_is_traced_up_to_a_limit_and_counted_beyond() -> None:
    leg = Leg(limits=MediaLimits(agent_traced=10))
    for _ in range(100):
        leg.text(type="wave")
    traced = [effect for effect in leg.session.take_effects() if isinstance(effect, AgentMessage)]
    assert len(traced) == 9 and traced[0] == AgentMessage(
        LEG, False, "wave", 'unknown type, ignored: {"type": "wave"}'
    )
    assert leg.session.protocol.untraced == 91


def test_broken_messages_are_counted() -> None:
    leg = Leg()
    leg.session.receive_text(b"{", leg.now)
    assert leg.session.tally.malformed == 1


def test_a_vendor_listens_once_it_is_ready_and_not_while_it_is_muted() -> None:
    leg = leg_of(Resumable)
    assert not leg.session.hears
    leg.text(type="ready")
    assert leg.session.hears and leg.effects() == [Listen()]
    leg.text(type="mute", id="r")
    assert leg.session.muted
    assert leg.effects() == [Listen(), message(type="answer", request="mute", id="r", error=None)]
    leg.text(type="unmute")
    assert not leg.session.muted


def test_a_broken_socket_is_dialled_once_more_and_the_talk_goes_on() -> None:
    leg = leg_of(Resumable, reconnect=True)
    leg.say(2000)
    leg.session.failed("closed", "broken", leg.now)
    assert leg.effects() == [AgentReconnecting(LEG, "closed", "broken"), Redial()]
    leg.play(200)
    assert leg.playout.heard(0) == 200 * 8, "the caller hears what is queued"
    leg.session.opened(leg.now)
    connected, resumed = leg.effects()[-2:]
    assert isinstance(connected, AgentConnected) and isinstance(resumed, Send)
    assert json.loads(resumed.message)["resumed"] is True
    leg.session.failed("closed", "again", leg.now)
    assert AgentFailed(LEG, "closed", "again") in leg.effects()


def test_an_agent_that_is_about_to_close_is_dialled_as_often_as_it_says_so() -> None:
    leg = leg_of(Resumable, reconnect=True)
    for _ in range(3):
        leg.text(type="away")
        assert Redial() in leg.effects()
        leg.session.opened(leg.now)
        leg.effects()


def test_without_leave_to_reconnect_a_broken_socket_is_the_end() -> None:
    leg = leg_of(Resumable)
    leg.session.failed("closed", "broken", leg.now)
    assert AgentFailed(LEG, "closed", "broken") in leg.effects()


def test_an_agent_that_says_nothing_fails_when_its_first_audio_is_due() -> None:
    leg = leg_of(Named, first_audio_timeout=3.0)
    assert leg.session.next_timer_at() == 13.0
    leg.session.handle_timer(12.9)
    assert leg.effects() == []
    leg.session.handle_timer(13.0)
    [_, failed, _] = leg.effects()
    assert isinstance(failed, AgentFailed) and failed.reason == "timeout" and "3 s" in failed.detail


def test_the_first_audio_ends_the_wait() -> None:
    leg = leg_of(Named, first_audio_timeout=3.0)
    leg.say(100)
    leg.play(20)
    assert leg.session.next_timer_at() is None


def test_requests_reach_the_call_and_their_answers_the_agent() -> None:
    leg = leg_of(Named, allow=("hold", "transfer"))
    leg.text(type="hold", id="r1")
    assert leg.effects() == [AgentAsked(LEG, 1, "hold", "")]
    leg.session.tell(Answer(1))
    assert leg.effects() == [Listen(), message(type="answer", request="hold", id="r1", error=None)]
    assert leg.session.muted, "who is on hold is not listened to"
    leg.text(type="transfer", target="user:1002", id="r2")
    leg.session.tell(Answer(2, "busy"))
    leg.session.tell(Answer(2))
    assert leg.effects() == [
        AgentAsked(LEG, 2, "transfer", "user:1002"),
        message(type="answer", request="transfer", id="r2", error="busy"),
    ]


def test_what_is_not_allowed_does_not_happen() -> None:
    leg = leg_of(Named, allow=())
    leg.text(type="hangup")
    leg.text(type="dtmf", digits="1")
    leg.text(type="play", prompt="x", id="r")
    [answer] = leg.effects()
    assert isinstance(answer, Send) and "not allowed: add play" in str(answer.message)
    assert leg.session.state is State.OPEN


def test_tools_words_and_transcripts_pass_in_both_directions() -> None:
    leg = leg_of(Named)
    leg.text(type="transcript", role="caller", text="What time is it?")
    leg.text(type="tool_call", id="c1", name="clock", arguments={})
    leg.session.tell(ToolResult("c1", "12:00"))
    leg.session.tell(Words("be brief"))
    leg.text(type="stats")
    assert leg.effects() == [
        AgentTranscript(LEG, "caller", "What time is it?", True),
        AgentToolCall(LEG, "c1", "clock", "{}"),
        message(type="tool_result", id="c1", result="12:00", failed=False),
        message(type="text", text="be brief"),
        message(type="stats", queued_ms=0),
    ]


def test_an_agent_that_tells_its_audio_gets_another_queue() -> None:
    leg = leg_of(Resumable)
    leg.text(type="formats")
    assert leg.effects() == [Relane()]
    wide = Playout(1, Encoding.PCM_16000, 10)
    leg.session.adopt(wide, leg.now)
    leg.say(100)
    assert wide.queued(0) == 800


def test_a_fatal_word_of_the_vendor_fails_the_agent() -> None:
    leg = leg_of(Resumable)
    leg.text(type="fatal")
    assert AgentFailed(LEG, "protocol", "no such model") in leg.effects()

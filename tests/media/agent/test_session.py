"""One agent on one leg: policy between dialect, queue and call, on a hand clock."""

import json

import numpy as np
import pytest

from config.schema import MediaLimits
from media.agent.contract import (
    Action,
    Away,
    Context,
    Encoding,
    Fail,
    Formats,
    Interrupt,
    Message,
    Ready,
    Say,
)
from media.agent.dialect.tandem import Tandem
from media.agent.effect import Close, Listen, Redial, Relane, Send
from media.agent.playout import Playout
from media.agent.session import Session, State
from media.agent.turn import Floor
from media.port import (
    AgentAsked,
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentInterrupted,
    AgentMessage,
    AgentOptions,
    AgentPaused,
    AgentReconnecting,
    AgentSpec,
    AgentSpoke,
    AgentToolCall,
    AgentTranscript,
    AgentTurn,
    Answer,
    AttachAgent,
    Interruption,
    LegId,
    SendDigits,
    ToolResult,
    Words,
)
from tests.support.agent import TICK, ramp

LEG = LegId("leg-1")
ROW = np.array([0], np.int32)


class Named(Tandem):
    """Tandem whose utterances have names, as those of speech-to-speech vendors do."""

    item = ""

    def receive_binary(self, data: bytes | bytearray | memoryview) -> list[Say]:  # type: ignore[override]
        return [Say(data, self.item)]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return [f"truncate {item} at {item_ms}"]


class Leg:
    def __init__(
        self,
        *,
        barge_in: bool = True,
        limits: MediaLimits | None = None,
        opened: bool = True,
        options: AgentOptions | None = None,
    ) -> None:
        limits = limits or MediaLimits()
        self.now = 10.0
        self.dialect = Named(Context("call-1", "acc_demo", 8000, {}))
        self.playout = Playout(1, self.dialect.speaks, limits.marks)
        self.floor = Floor(1)
        agent = AgentSpec("bot", "tandem", "ws://bot/", barge_in=barge_in, options=options or AgentOptions())
        command = AttachAgent(LEG, agent, "call-1", "acc_demo")
        self.session = Session(0, command, self.dialect, self.playout, self.floor, limits, 0.0, self.now)
        if opened:
            self.session.opened(self.now)
            self.session.take_effects()

    def say(self, milliseconds: int, item: str = "") -> None:
        self.dialect.item = item
        self.session.receive_binary(ramp(8 * milliseconds).tobytes(), self.now)

    def text(self, **message: object) -> None:
        self.session.receive_text(json.dumps(message).encode(), self.now)

    def play(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 20):
            self.now += TICK
            taken = self.playout.take(ROW, self.now)
            if self.floor.hear(ROW, taken.frames, taken.fading, self.now):
                self.session.started(self.now)
            if taken.due:
                self.session.marks_reached()
            if taken.was[0] and not taken.play[0]:
                self.session.dry(self.now)

    def effects(self) -> list[object]:
        """What it asks for, but for the trace."""
        return [
            effect
            for effect in self.session.take_effects()
            if not isinstance(effect, AgentMessage | AgentTurn)
        ]


def message(**fields: object) -> Send:
    return Send(json.dumps(fields, separators=(",", ":")))


def test_it_reports_the_open_socket_and_sends_the_greeting() -> None:
    leg = Leg(opened=False)
    leg.session.opened(10.25)
    connected, start = leg.effects()
    assert connected == AgentConnected(LEG, 250)
    assert isinstance(start, Send) and json.loads(start.message)["type"] == "start"


def test_barge_in_tells_the_call_and_the_bot_what_was_heard() -> None:
    """Complaint 5: history must end where the caller stopped hearing, by samples sent in RTP."""
    leg = Leg()
    leg.say(3000)
    leg.text(type="mark", name="end")
    leg.play(1000)
    assert leg.effects() == [AgentSpoke(LEG, None)]
    leg.session.caller_started(leg.now)
    assert leg.effects() == [
        message(type="speech_started", played_ms=1010),
        message(type="mark", name="end", cleared=True),
        Send("truncate  at 1010"),
        AgentInterrupted(LEG, 1010, 1990, leg.now),
    ]
    leg.play(200)
    assert leg.playout.heard(0) == 1010 * 8 and leg.effects() == []


def test_truncation_counts_within_the_utterance_that_was_heard() -> None:
    leg = Leg()
    leg.say(500, "item-1")
    leg.say(2000, "item-2")
    leg.say(2000, "item-3")
    leg.play(800)
    leg.session.caller_started(leg.now)
    assert Send("truncate item-2 at 310") in leg.effects()


def test_milliseconds_count_from_the_turn_not_from_the_call() -> None:
    leg = Leg()
    leg.say(1000)
    leg.play(3000)
    leg.say(1000)
    leg.play(200)
    leg.session.caller_started(leg.now)
    assert AgentInterrupted(LEG, 210, 790, leg.now) in leg.effects()


def test_a_turn_that_begins_with_a_short_piece_counts_only_its_samples() -> None:
    leg = Leg()
    leg.say(5)
    leg.play(40)  # waits one tick, and is padded
    leg.say(1000)
    leg.play(100)
    leg.session.caller_started(leg.now)
    assert AgentInterrupted(LEG, 5 + 100 + 10, 890, leg.now) in leg.effects()


def test_the_rest_of_an_interrupted_utterance_is_discarded_until_the_bot_clears() -> None:
    leg = Leg()
    leg.say(1000)
    leg.play(100)
    leg.session.caller_started(leg.now)
    leg.play(20)
    leg.say(400)
    assert leg.playout.queued(0) == 0 and leg.session.tally.discarded == 3200
    leg.effects()
    leg.text(type="mark", name="late")
    assert leg.effects() == [message(type="mark", name="late", cleared=True)]
    leg.text(type="clear")
    leg.say(400)
    assert leg.playout.queued(0) == 3200


def test_a_new_turn_after_barge_in_is_reported_with_its_latency() -> None:
    leg = Leg()
    leg.say(1000)
    leg.play(100)
    leg.session.caller_started(leg.now)
    leg.play(500)
    leg.session.caller_stopped(leg.now)
    leg.effects()
    leg.play(300)
    leg.say(200)
    leg.play(40)
    assert leg.effects() == [AgentSpoke(LEG, 320, 300, 20)]


def test_the_bots_clear_returns_marks_before_it_is_answered() -> None:
    leg = Leg()
    leg.say(1000)
    leg.text(type="mark", name="a")
    leg.text(type="mark", name="b")
    leg.play(100)
    leg.effects()
    leg.text(type="clear")
    assert leg.effects() == [
        message(type="mark", name="a", cleared=True),
        message(type="mark", name="b", cleared=True),
        message(type="cleared", by="agent", played_ms=110, dropped_ms=890),
    ]
    leg.session.caller_started(leg.now)
    assert not any(isinstance(effect, AgentInterrupted) for effect in leg.effects())


def test_a_mark_comes_back_when_what_was_before_it_has_been_played() -> None:
    leg = Leg()
    leg.text(type="mark", name="at once")
    assert leg.effects() == [message(type="mark", name="at once", cleared=False)]
    leg.say(100)
    leg.text(type="mark", name="later")
    leg.play(80)
    assert leg.effects() == [AgentSpoke(LEG, None)]
    leg.play(20)
    assert leg.effects() == [message(type="mark", name="later", cleared=False)]


def test_marks_beyond_the_limit_come_back_at_once() -> None:
    leg = Leg(limits=MediaLimits(marks=1))
    leg.say(100)
    leg.text(type="mark", name="kept")
    leg.text(type="mark", name="too many")
    assert leg.effects() == [message(type="mark", name="too many", cleared=True)]


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


class Resumable(Named):
    """Tandem that can go on, waits for a word before it listens, and may change its audio."""

    waits = True

    def receive_text(self, text: bytes | bytearray | memoryview) -> list[Action]:
        match json.loads(bytes(text)).get("type"):
            case "ready":
                return [Ready()]
            case "formats":
                self.speaks = Encoding.PCM_16000
                return [Formats()]
            case "heard":
                return [Interrupt()]
            case "away":
                return [Away()]
            case "fatal":
                return [Fail("no such model")]
        return super().receive_text(text)


def leg_of(dialect: type[Named], **options: object) -> Leg:
    leg = Leg(opened=False)
    leg.dialect = dialect(Context("call-1", "acc_demo", 8000, {}))
    spec = AgentSpec("bot", "tandem", "ws://bot/", options=AgentOptions(**options))  # type: ignore[arg-type]
    command = AttachAgent(LEG, spec, "call-1", "acc_demo")
    leg.session = Session(0, command, leg.dialect, leg.playout, leg.floor, MediaLimits(), 0.0, leg.now)
    leg.session.opened(leg.now)
    leg.session.take_effects()
    return leg


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


def test_the_vendors_own_ear_interrupts_like_ours() -> None:
    leg = leg_of(Resumable)
    leg.say(2000, "item-1")
    leg.play(500)
    leg.effects()
    leg.text(type="heard")
    assert leg.effects() == [Send("truncate item-1 at 510"), AgentInterrupted(LEG, 510, 1490, leg.now)]
    leg.text(type="heard")
    leg.say(100, "item-2")
    assert leg.playout.queued(0) > 0, "what comes next is new"


def test_what_has_a_name_of_its_own_is_heard_at_once_after_a_barge_in() -> None:
    leg = leg_of(Resumable)
    leg.say(2000, "item-1")
    leg.play(500)
    leg.session.caller_started(leg.now)
    leg.say(100, "item-1")
    assert leg.session.tally.discarded == 800
    leg.say(100, "item-2")
    assert leg.session.tally.discarded == 800


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


def reversible(**fields: object) -> Leg:
    policy = Interruption(reversible=True, **fields)  # type: ignore[arg-type]
    return Leg(options=AgentOptions(interruption=policy))


def test_a_false_interruption_is_taken_back_where_it_stopped() -> None:
    """Complaint 3: a cough pauses the agent, and costs the caller not one sample of what it says."""
    leg = reversible()
    leg.say(2000)
    leg.play(1000)
    leg.effects()
    leg.session.caller_started(leg.now)
    assert leg.effects() == [
        message(type="speech_started", played_ms=1000, pending=True),
        AgentPaused(LEG, False, 1000),
    ]
    leg.play(300)
    assert leg.playout.heard(0) == 1000 * 8
    leg.session.caller_stopped(leg.now)
    assert leg.effects() == [
        message(type="resumed", played_ms=1000),
        AgentPaused(LEG, True, 1000),
        message(type="speech_stopped"),
    ]
    leg.play(1000)
    assert leg.playout.heard(0) == 2000 * 8 and leg.playout.starvation[0].gaps == 0


def test_a_pause_that_is_confirmed_is_an_interruption_at_the_sample_where_it_began() -> None:
    leg = reversible(confirm_after=0.6)
    leg.say(2000)
    leg.play(1000)
    leg.session.caller_started(leg.now)
    leg.play(640)
    leg.effects()
    leg.session.handle_timer(leg.now)
    assert leg.effects() == [Send("truncate  at 1010"), AgentInterrupted(LEG, 1010, 990, leg.now)]
    leg.say(200)
    leg.play(200)
    assert leg.playout.heard(0) == 1010 * 8  # the rest of the utterance is not heard


def test_the_bot_decides_on_a_pause() -> None:
    leg = reversible(confirm=("agent",))
    leg.say(2000)
    leg.play(1000)
    leg.session.caller_started(leg.now)
    leg.text(type="barge_in", accept=False)
    assert leg.effects()[-1] == AgentPaused(LEG, True, 1000)
    leg.text(type="barge_in", accept="yes")
    assert leg.session.tally.malformed == 1


def test_words_of_the_caller_confirm() -> None:
    leg = reversible(confirm=("words",), words=2)
    leg.say(2000)
    leg.play(1000)
    leg.session.caller_started(leg.now)
    leg.text(type="transcript", role="caller", text="uh-huh", final=False)
    assert not any(isinstance(effect, AgentInterrupted) for effect in leg.effects())
    leg.text(type="transcript", role="caller", text="wait a moment", final=False)
    assert any(isinstance(effect, AgentInterrupted) for effect in leg.effects())


def test_a_key_interrupts_where_that_is_asked_for() -> None:
    leg = Leg(options=AgentOptions(interruption=Interruption(digits=True)))
    leg.say(2000)
    leg.play(1000)
    leg.session.digit("1", 100, leg.now)
    interrupted = [effect for effect in leg.effects() if isinstance(effect, AgentInterrupted)]
    assert [effect.played_ms for effect in interrupted] == [1010]
    other = Leg()
    other.say(2000)
    other.play(1000)
    other.session.digit("1", 100, other.now)
    assert not any(isinstance(effect, AgentInterrupted) for effect in other.effects())

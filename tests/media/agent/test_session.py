"""One agent on one leg: policy between dialect, queue and call, on a hand clock."""

import json

import numpy as np
import pytest

from config.schema import MediaLimits
from media.agent.contract import Context, Message, Say
from media.agent.dialect.tandem import Tandem
from media.agent.effect import Close, Send
from media.agent.playout import Playout
from media.agent.session import Session, State
from media.agent.turn import Floor
from media.port import (
    AgentConnected,
    AgentEnded,
    AgentFailed,
    AgentInterrupted,
    AgentMessage,
    AgentSpec,
    AgentSpoke,
    AttachAgent,
    LegId,
    SendDigits,
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
        self, *, barge_in: bool = True, limits: MediaLimits | None = None, opened: bool = True
    ) -> None:
        limits = limits or MediaLimits()
        self.now = 10.0
        self.dialect = Named(Context("call-1", "acc_demo", 8000, {}))
        self.playout = Playout(1, self.dialect.speaks, limits.marks)
        self.floor = Floor(1)
        agent = AgentSpec("bot", "tandem", "ws://bot/", barge_in=barge_in)
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
                self.session.dry()

    def effects(self) -> list[object]:
        """What it asks for, but for the trace."""
        return [effect for effect in self.session.take_effects() if not isinstance(effect, AgentMessage)]


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
    assert leg.effects() == [AgentSpoke(LEG, 320)]


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
    leg.session.digit("7", 100)
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
    leg.session.closed("")
    assert leg.effects() == [message(type="stop"), AgentEnded(LEG, "closed by the agent"), Close()]
    leg.session.failed("closed", "late", leg.now)
    assert leg.effects() == []


def test_barge_in_cuts_last_words_short() -> None:
    leg = Leg()
    leg.say(2000)
    leg.session.closed("")
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
    leg.session.closed("again")
    assert leg.effects() == [message(type="stop"), AgentFailed(LEG, "closed", "broken"), Close()]
    leg.play(200)
    assert leg.playout.heard(0) == 110 * 8


def test_hanging_up_says_stop_and_reports_nothing() -> None:
    leg = Leg()
    leg.session.hang_up()
    assert leg.effects() == [message(type="stop"), Close()]


def test_hanging_up_while_dialling_says_nothing() -> None:
    leg = Leg(opened=False)
    leg.session.hang_up()
    assert leg.effects() == [Close()]
    leg.session.opened(11.0)
    assert leg.effects() == []


@pytest.mark.parametrize("state", [State.DIALLING, State.ENDED])
def test_what_comes_when_it_is_not_open_is_dropped(state: State) -> None:
    leg = Leg(opened=False)
    leg.session.state = state
    leg.say(100)
    leg.text(type="clear")
    leg.session.digit("1", 100)
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

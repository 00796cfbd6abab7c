"""Who has the floor: barge-in, what was heard of an utterance, and marks."""

from config.schema import MediaLimits
from media.agent.effect import Send
from media.port import (
    AgentInterrupted,
    AgentOptions,
    AgentPaused,
    AgentSpoke,
    Interruption,
)
from tests.support.agent_leg import LEG, Leg, Resumable, leg_of, message, reversible


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

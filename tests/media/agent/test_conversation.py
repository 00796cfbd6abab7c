"""Turns with their text and times; complaint 5: what was not heard was not said."""

from media.agent.contract import Role
from media.agent.conversation import TEXTS, Conversation
from media.port import AgentTurn, LegId

LEG = LegId("c/1")


def test_turns_of_both_sides_have_their_times() -> None:
    talk = Conversation(LEG)
    talk.said(Role.AGENT, "Good morning.", 0.9)
    assert talk.agent_started(1.0) == []
    talk.agent_heard_until(2.0)
    talk.caller_started(3.0)
    talk.caller_stopped(4.0)
    assert talk.said(Role.CALLER, "Who is this?", 4.6) == [
        AgentTurn(LEG, "agent", "Good morning.", 1.0, 2.0, None, "Good morning."),
        AgentTurn(LEG, "caller", "Who is this?", 3.0, 4.0),
    ]
    assert talk.close(5.0) == []


def test_an_interrupted_turn_tells_the_words_that_were_heard() -> None:
    talk = Conversation(LEG)
    talk.agent_started(1.0)
    talk.said(Role.AGENT, "one two three four five six seven eight nine ten", 1.5)
    talk.interrupted(2.0, 1000, 3000)
    assert talk.close(9.0) == [
        AgentTurn(LEG, "agent", "one two three four five six seven eight nine ten", 1.0, 2.0, 1000, "one two")
    ]


def test_text_that_comes_after_its_interruption_is_of_that_turn() -> None:
    talk = Conversation(LEG)
    talk.agent_started(1.0)
    talk.interrupted(2.0, 500, 500)
    talk.said(Role.AGENT, "four words are these", 2.1)
    (turn,) = talk.agent_started(5.0)
    assert (turn.text, turn.heard, turn.interrupted_ms) == ("four words are these", "four words", 500)


def test_text_ahead_of_its_audio_waits_for_its_turn() -> None:
    talk = Conversation(LEG)
    talk.agent_started(1.0)
    talk.said(Role.AGENT, "First.", 1.1)
    talk.agent_heard_until(2.0)
    talk.said(Role.AGENT, "Second.", 4.0)
    assert [turn.text for turn in talk.agent_started(4.2)] == ["First."]
    assert [turn.text for turn in talk.close(6.0)] == ["Second."]


def test_a_caller_of_whom_nothing_was_heard_speaks_now() -> None:
    assert Conversation(LEG).said(Role.CALLER, "Hm.", 3.0) == [AgentTurn(LEG, "caller", "Hm.", 3.0, 3.0)]


def test_of_texts_that_are_never_heard_the_last_are_kept() -> None:
    talk = Conversation(LEG)
    for number in range(3 * TEXTS):
        talk.said(Role.AGENT, str(number), 1.0)
    talk.agent_started(2.0)
    (turn,) = talk.close(3.0)
    assert turn.text.split() == [str(number) for number in range(2 * TEXTS, 3 * TEXTS)]

"""The floor: when the caller interrupts, what may be said after it, how long the agent took to answer."""

import numpy as np

from media.agent.turn import AHEAD, AUDIBLE, NEW_TURN, PAUSE, STUTTER, Floor, Turn, is_heard

NEVER = -np.inf
ROWS = np.array([2, 0], np.int32)


def interrupted(now: float = 10.0) -> Turn:
    turn = Turn(release=0.0)
    turn.caller_started()
    turn.cut(now)
    return turn


def test_an_agent_that_is_heard_is_interrupted() -> None:
    assert is_heard(10.0, playing=True, queued=1.0, audible_at=10.0)
    assert interrupted().discarding


def test_an_agent_with_a_sentence_ahead_is_interrupted_before_it_is_heard() -> None:
    assert is_heard(10.0, playing=False, queued=AHEAD, audible_at=NEVER)


def test_streamed_silence_is_not_interrupted() -> None:
    """A bot that sends silence between its turns would be muted by every word of the caller."""
    assert not is_heard(10.0, playing=True, queued=0.02, audible_at=10.0 - AUDIBLE - 0.1)


def test_an_agent_that_has_finished_is_not_interrupted() -> None:
    assert not is_heard(10.0, playing=False, queued=0.0, audible_at=10.0 - STUTTER - 0.01)


def test_an_agent_whose_next_piece_is_late_is_interrupted() -> None:
    """Its queue is dry at this very tick; half an utterance would follow."""
    assert is_heard(10.0, playing=False, queued=0.0, audible_at=10.0 - 0.04)
    assert not interrupted().accepts(10.02)


def test_the_rest_of_the_utterance_is_discarded_while_it_keeps_coming() -> None:
    turn = interrupted()
    assert not any(turn.accepts(10.0 + 0.02 * tick) for tick in range(200))


def test_after_clear_what_comes_is_new() -> None:
    turn = interrupted()
    turn.agent_cleared()
    assert turn.accepts(10.01)


def test_after_a_pause_of_the_sender_what_comes_is_new() -> None:
    """A bot with its own ear answers before our VAD is sure that the caller has stopped."""
    turn = interrupted()
    assert not turn.accepts(10.1)
    assert turn.accepts(10.1 + PAUSE + 0.01)
    assert turn.accepts(10.1 + PAUSE + 0.03)


def test_a_bot_that_took_no_notice_goes_on_when_the_caller_stops() -> None:
    turn = interrupted()
    turn.caller_stopped(10.5)
    assert turn.accepts(10.51)


def test_latency_counts_from_the_end_of_speech_not_from_the_decision() -> None:
    turn = Turn(release=0.5)
    assert turn.agent_started(9.0, 8.9) == (None, None, None)  # the greeting
    turn.caller_started()
    assert turn.agent_started(10.5, 10.4) == (0, None, None)  # answers while the VAD still hears the caller
    assert turn.caller_stopped(12.0) == 11.5
    assert turn.agent_started(12.25, 12.21) == (750, 710, 40)
    assert turn.agent_started(15.0, 14.9) == (None, None, None)  # a second turn without the caller


def test_a_stream_that_never_pauses_tells_no_parts_of_its_latency() -> None:
    turn = Turn(release=0.0)
    turn.caller_started()
    turn.caller_stopped(12.0)
    assert turn.agent_started(12.25, 3.0) == (250, None, None)


def frame(*peaks: int) -> np.ndarray:
    pcm = np.zeros((len(peaks), 160), np.int16)
    pcm[:, 80] = peaks
    return pcm


def test_a_turn_begins_with_its_first_audible_frame() -> None:
    floor = Floor(3)
    assert floor.hear(ROWS, frame(0, 20), [], 1.0) == []
    assert floor.hear(ROWS, frame(5000, 20), [], 1.02) == [2]
    assert floor.hear(ROWS, frame(5000, 5000), [], 1.04) == [0]
    assert floor.hear(ROWS, frame(5000, 5000), [], 1.06) == []


def test_a_breath_is_the_same_turn_and_a_long_silence_is_not() -> None:
    floor = Floor(3)
    assert floor.hear(ROWS, frame(5000, 0), [], 1.0) == [2]
    assert floor.hear(ROWS, frame(5000, 0), [], 1.0 + NEW_TURN - 0.1) == []
    assert floor.hear(ROWS, frame(5000, 0), [], 2.0 + 2 * NEW_TURN) == [2]


def test_after_the_caller_spoke_a_silent_agent_begins_a_new_turn() -> None:
    floor = Floor(3)
    floor.hear(ROWS, frame(5000, 5000), [], 1.0)
    floor.hear(ROWS, frame(0, 5000), [], 1.5)
    for slot in (0, 2):
        floor.pass_on(slot, 1.6)
    assert floor.hear(ROWS, frame(5000, 5000), [], 1.7) == [2]  # 0 talked through all along


def test_the_fade_of_an_interrupted_turn_begins_nothing() -> None:
    floor = Floor(3)
    floor.hear(ROWS, frame(5000, 0), [], 1.0)
    floor.lose(2)
    assert floor.hear(ROWS, frame(5000, 0), [0], 1.02) == []
    assert floor.hear(ROWS, frame(5000, 0), [], 1.04) == [2]

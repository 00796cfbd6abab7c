"""Who is behind at real time, and by how much; its effect on audio is proved in test_playout.py."""

import numpy as np

from media.agent.backlog import CAUTION, PACED, REVIEW, Backlog

ROW = np.array([1], np.int32)
FRAME = 160
TICKS = round(REVIEW / 0.020)


def review(backlog: Backlog, queued: list[int], *, playing: bool = True) -> int:
    """Spare frames after a review in which the queue was so long, in frames, tick by tick."""
    backlog.reset(1, 0.0)
    for tick, frames in enumerate(queued):
        assert backlog.watch(ROW, np.array([frames * FRAME]), tick * 0.020) == []
    assert backlog.watch(ROW, np.array([queued[-1] * FRAME]), REVIEW) == [1]
    return backlog.judge(1, REVIEW, playing=playing)


def test_what_a_queue_at_real_time_never_falls_below_is_spare() -> None:
    backlog = Backlog(2, FRAME)
    assert review(backlog, [50] * TICKS) == 50 - CAUTION
    assert review(backlog, [40 + tick % PACED for tick in range(TICKS)]) == 40 - CAUTION
    assert review(backlog, [2 + tick % 3 for tick in range(TICKS)]) == 1
    assert review(backlog, [tick % 2 for tick in range(TICKS)]) == 0


def test_who_sends_sentences_at_once_or_is_silent_is_not_behind() -> None:
    backlog = Backlog(2, FRAME)
    assert review(backlog, [300 - tick for tick in range(TICKS)]) == 0
    assert review(backlog, [40 + tick % (PACED + 1) for tick in range(TICKS)]) == 0
    assert review(backlog, [50] * TICKS, playing=False) == 0


def test_a_pause_of_the_playout_says_nothing_of_the_sender() -> None:
    backlog = Backlog(2, FRAME)
    review(backlog, [50] * TICKS)
    backlog.watch(ROW, np.array([50 * FRAME]), REVIEW + 0.020)
    backlog.excuse(1)
    backlog.watch(ROW, np.array([50 * FRAME]), 2 * REVIEW)
    assert backlog.judge(1, 2 * REVIEW, playing=True) == 0


def test_frames_that_were_left_out_do_not_hide_that_the_sender_is_at_real_time() -> None:
    backlog = Backlog(2, FRAME)
    review(backlog, [50] * TICKS)
    left = 50
    for tick in range(1, TICKS):
        if tick % 2 and tick < 60:
            backlog.leave_out(1)
            left -= 1
        backlog.watch(ROW, np.array([left * FRAME]), REVIEW + tick * 0.020)
    assert left == 20 and backlog.judge(1, 2 * REVIEW, playing=True) == 20 - CAUTION

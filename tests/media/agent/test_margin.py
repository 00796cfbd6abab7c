"""When a dry queue plays again; its effect on audio is proved in test_playout.py."""

from media.agent.margin import FORGET, MARGIN, SAME_UTTERANCE, Margins


def test_a_first_gap_needs_one_frame_and_a_second_two() -> None:
    margins = Margins(1)
    margins.turn_over(0, False, 1.0)
    assert not margins.waits(0, 1, 1.02)
    assert margins.turn_over(0, True, 1.04)
    margins.turn_over(0, False, 1.5)
    assert margins.waits(0, 1, 1.52) and not margins.waits(0, 2, 1.52)


def test_the_margin_is_bounded_and_forgotten() -> None:
    margins = Margins(1)
    for at in range(10):
        margins.turn_over(0, False, at * 0.2)
        margins.turn_over(0, True, at * 0.2 + 0.1)
    assert margins.start[0] == MARGIN
    margins.turn_over(0, False, 40.0)
    margins.turn_over(0, True, 40.0 + FORGET)
    assert margins.start[0] == MARGIN - 1


def test_a_pause_of_the_agent_is_no_gap() -> None:
    margins = Margins(1)
    margins.turn_over(0, False, 1.0)
    assert not margins.turn_over(0, True, 1.0 + SAME_UTTERANCE + 0.1)
    margins.turn_over(0, False, 3.0)
    margins.excuse(0)
    assert not margins.turn_over(0, True, 3.1)


def test_a_burst_waits_for_nothing() -> None:
    margins = Margins(1)
    for at in (1.0, 1.2, 1.4):
        margins.turn_over(0, False, at)
        margins.turn_over(0, True, at + 0.1)
    margins.turn_over(0, False, 1.6)
    assert margins.waits(0, 1, 1.62)
    margins.arrived(0, 50)
    assert not margins.waits(0, 1, 1.62)
    margins.reset(0)
    margins.drop(0)
    assert margins.waited[0] == 0

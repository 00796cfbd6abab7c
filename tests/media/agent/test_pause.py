"""A pause of playout: out with a fade, in where it stopped."""

from media.agent.pause import Pause, Pauses


def test_it_fades_out_waits_and_fades_in() -> None:
    pauses = Pauses(1)
    assert pauses.begin(0, sounding=True) and pauses.holds(0)
    assert [pauses.step(0, waits=True) for _ in range(3)] == [Pause.FADING, Pause.PAUSED, Pause.PAUSED]
    assert pauses.end(0) and not pauses.holds(0)
    assert pauses.step(0, waits=True) is Pause.RISING and not pauses.active(0)


def test_a_second_pause_or_end_changes_nothing() -> None:
    pauses = Pauses(1)
    assert not pauses.end(0)
    pauses.begin(0, sounding=True)
    assert not pauses.begin(0, sounding=True)
    assert pauses.end(0) and not pauses.active(0)  # before a frame had faded


def test_silence_pauses_without_a_fade() -> None:
    pauses = Pauses(1)
    pauses.begin(0, sounding=False)
    assert pauses.step(0, waits=True) is Pause.PAUSED
    assert not pauses.reset(0)


def test_half_a_frame_was_heard_of_one_that_faded() -> None:
    pauses = Pauses(1)
    pauses.begin(0, sounding=True)
    pauses.step(0, waits=True)
    assert pauses.reset(0) and not pauses.active(0)


def test_paused_again_before_it_was_heard_it_stays_as_it_was() -> None:
    pauses = Pauses(1)
    pauses.begin(0, sounding=True)
    pauses.step(0, waits=True)
    pauses.end(0)
    assert pauses.begin(0, sounding=True)
    assert pauses.step(0, waits=True) is Pause.PAUSED and pauses.reset(0)

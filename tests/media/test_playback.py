"""Prompts of one leg: gap-free, counted as sent, without a click at the end."""

import numpy as np
import pytest

from media.codec.g711 import LINEAR_TO_ALAW, LINEAR_TO_ULAW, ULAW_TO_LINEAR
from media.codec.table import ALAW, ULAW
from media.columns import LegColumns
from media.playback import FINE, Item, Playback
from media.port import LegId, Played
from media.track import Track

LEG = LegId("leg")
SLOT = 2


def prompt(playback: Playback, item: Item | None, *values: int, samples: int | None = None) -> list[Played]:
    """Give `item` one frame of each sample value."""
    return load(playback, item, np.repeat(np.array(values, np.int16), 160), samples)


def load(playback: Playback, item: Item | None, pcm: np.ndarray, samples: int | None = None) -> list[Played]:
    assert item is not None
    bits = pcm.view(np.uint16)
    track = Track((LINEAR_TO_ULAW[bits], LINEAR_TO_ALAW[bits]), len(pcm) if samples is None else samples)
    return playback.load(item, track)


def start(*, limit: int = 8) -> Playback:
    return Playback(LEG, limit, SLOT, LegColumns(SLOT + 1))


def hear(playback: Playback, law: int = ULAW) -> tuple[np.ndarray, list[Played]]:
    out = np.zeros(160, np.uint8)
    played = playback.frame(law, out.data)
    return out, played


def heard(playback: Playback, frames: int) -> np.ndarray:
    return np.concatenate([ULAW_TO_LINEAR[hear(playback)[0]] for _ in range(frames)]).astype(int)


def sine(seconds: float, hertz: float = 200.0) -> np.ndarray:
    return np.rint(8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 8000)) / 8000)).astype(
        np.int16
    )


STEEPEST = round(8000 * 2 * np.pi * 200 / 8000) + 300
"Of `sine`, companding included."


def test_prompts_follow_each_other_without_a_gap() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), 1000, 2000)
    prompt(playback, playback.queue("b", loop=False), 3000)
    values, told = [], []
    while playback.is_audible():
        frame, played = hear(playback)
        values.append(int(ULAW_TO_LINEAR[frame[0]]))
        told += played
    assert [round(value, -3) for value in values] == [1000, 2000, 3000]
    assert told == [Played(LEG, "a", 40, True), Played(LEG, "b", 20, True)]


def test_a_loop_goes_on_until_it_is_stopped() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=True), 1000, 2000)
    for _ in range(7):
        assert hear(playback)[1] == []
    assert playback.stop("a") == []
    assert hear(playback)[1] == [Played(LEG, "a", 160, False)]
    assert not playback.is_audible()


def test_a_stopped_prompt_fades_from_where_it_was_to_silence_within_10_ms() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), *[8000] * 50)
    hear(playback)
    playback.stop(None)
    pcm = ULAW_TO_LINEAR[hear(playback)[0]].astype(int)
    assert abs(pcm[0] - 8000) < 300 and (pcm[80:] == 0).all()
    assert np.abs(np.diff(pcm)).max() < 800


def test_each_leg_gets_its_own_codec() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=True), 4000)
    assert hear(playback, ULAW)[0][0] == LINEAR_TO_ULAW[4000]
    assert hear(playback, ALAW)[0][0] == LINEAR_TO_ALAW[4000]


def test_a_prompt_being_loaded_keeps_its_place() -> None:
    playback = start()
    slow = playback.queue("slow", loop=False)
    prompt(playback, playback.queue("fast", loop=False), 3000)
    assert not playback.is_audible()
    prompt(playback, slow, 1000)
    assert playback.is_audible()
    assert [hear(playback)[1][0].play for _ in range(2)] == ["slow", "fast"]


def test_stopping_what_was_not_heard_yet_is_told_at_once() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), 1000, 1000)
    prompt(playback, playback.queue("b", loop=False), 1000)
    hear(playback)
    assert playback.stop("b") == [Played(LEG, "b", 0, False)]
    assert playback.stop("nobody") == []


def test_the_end_of_the_leg_tells_of_every_prompt_once() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), 1000, 1000)
    prompt(playback, playback.queue("b", loop=False), 1000)
    hear(playback)
    assert [(p.play, p.milliseconds, p.finished) for p in playback.end()] == [
        ("a", 20, False),
        ("b", 0, False),
    ]
    assert not playback.is_audible() and playback.end() == []


def test_the_queue_is_bounded() -> None:
    playback = start(limit=2)
    assert playback.queue("a", loop=False) and playback.queue("b", loop=False)
    assert playback.queue("c", loop=False) is None


def test_a_prompt_that_cannot_be_loaded_makes_way() -> None:
    playback = start()
    bad = playback.queue("bad", loop=False)
    prompt(playback, playback.queue("good", loop=False), 1000)
    assert bad is not None
    assert playback.drop(bad, "no such file") == [Played(LEG, "bad", 0, False, "no such file")]
    assert playback.drop(bad) == [] and playback.is_audible()


def test_a_prompt_without_audio_is_over_when_its_turn_comes() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), 1000)
    assert prompt(playback, playback.queue("empty", loop=True)) == []
    assert [played.play for played in hear(playback)[1]] == ["a", "empty"]
    assert not playback.is_audible()


def test_a_pause_fades_to_silence_and_what_faded_is_heard_again() -> None:
    playback = start()
    tone = sine(1.0)
    load(playback, playback.queue("a", loop=False), tone)
    heard(playback, 5)
    playback.pause("a", True)
    pause = heard(playback, 4)
    assert np.abs(pause[:40]).max() > 2_000 and not pause[80:].any()
    assert playback.pause("a", False) == []
    after = heard(playback, 10)
    assert np.abs(after[80:] - tone[5 * 160 + 80 : 15 * 160]).max() < 300, "from where it was"
    assert np.abs(np.diff(np.concatenate((pause, after)))).max() < STEEPEST
    told = []
    while playback.is_audible():
        told += hear(playback)[1]
    assert told == [Played(LEG, "a", 1_000, True)], "the pause does not count"


def test_a_pause_that_ends_before_it_was_heard_is_none() -> None:
    playback = start()
    tone = sine(1.0)
    load(playback, playback.queue("a", loop=False), tone)
    heard(playback, 2)
    playback.pause(None, True)
    playback.pause(None, False)
    assert np.abs(heard(playback, 3) - tone[320:800]).max() < 300


def test_a_paused_prompt_is_stopped_at_once_and_holds_up_the_next_one() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), *[8000] * 9)
    prompt(playback, playback.queue("b", loop=False), 1000)
    heard(playback, 2)
    playback.pause("a", True)
    assert not heard(playback, 20)[160:].any()
    assert playback.stop("a") == [Played(LEG, "a", 40, False)]
    assert hear(playback)[1] == [Played(LEG, "b", 20, True)]


def test_a_prompt_paused_before_its_turn_waits_in_its_place() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), 1000)
    prompt(playback, playback.queue("b", loop=False), 3000)
    playback.pause("b", True)
    assert hear(playback)[1] == [Played(LEG, "a", 20, True)]
    assert not heard(playback, 3).any() and playback.is_audible()
    playback.pause("b", False)
    assert hear(playback)[1] == [Played(LEG, "b", 20, True)]


@pytest.mark.parametrize(
    ("milliseconds", "relative", "to"),
    [(500, False, 500), (300, True, 400), (-60, True, 40), (-5_000, True, 0), (513, False, 500)],
)
def test_seeking_goes_on_elsewhere_without_a_click(milliseconds: int, relative: bool, to: int) -> None:
    playback = start()
    tone = sine(1.0, 210.0)
    load(playback, playback.queue("a", loop=False), tone)
    before = heard(playback, 5)
    assert playback.seek("a", milliseconds, relative=relative) == []
    after = heard(playback, 4)
    assert np.abs(after[80:] - tone[to * 8 + 80 : to * 8 + 640]).max() < 300
    assert np.abs(np.diff(np.concatenate((before, after)))).max() < STEEPEST


def test_seeking_past_the_end_ends_it_and_what_was_skipped_does_not_count() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=False), *[8000] * 50)
    prompt(playback, playback.queue("b", loop=False), 1000)
    heard(playback, 5)
    playback.seek(None, 600_000, relative=True)
    frame, told = hear(playback)
    pcm = ULAW_TO_LINEAR[frame].astype(int)
    assert told == [Played(LEG, "a", 120, True)] and not pcm[80:].any() and np.abs(np.diff(pcm)).max() < 800


def test_a_prompt_may_begin_in_its_middle() -> None:
    playback = start()
    item = playback.queue("a", loop=False)
    playback.seek("a", 500, relative=False)
    load(playback, item, sine(1.0))
    first = heard(playback, 25)
    assert np.abs(np.diff(np.concatenate(([0], first)))).max() < STEEPEST and not playback.is_audible()


def test_seeking_beyond_what_is_loaded_later_is_its_end() -> None:
    playback = start()
    item = playback.queue("a", loop=False)
    playback.seek("a", 5_000, relative=False)
    assert prompt(playback, item, 8000, 8000) == [Played(LEG, "a", 0, True)]


def test_seeking_in_a_loop_goes_round() -> None:
    playback = start()
    prompt(playback, playback.queue("a", loop=True), *range(1000, 6000, 1000))
    heard(playback, 1)
    playback.seek("a", -40, relative=True)
    values = [round(int(heard(playback, 1)[100]), -3) for _ in range(3)]
    assert values == [5000, 1000, 2000]


def test_what_is_not_there_is_neither_paused_nor_sought() -> None:
    playback = start()
    assert playback.pause(None, True) == [] and playback.seek("a", 0, relative=False) == []


def test_a_loop_goes_round_to_the_sample_although_its_last_frame_is_not_full() -> None:
    playback = start()
    samples = 8_000 * 41 // 200  # 41 periods of 200 Hz, 10.25 frames
    tone = sine(1.0)[: 11 * 160].copy()
    tone[samples:] = 0
    load(playback, playback.queue("a", loop=True), tone, samples)
    sound = heard(playback, 100)
    assert np.abs(sound - sine(2.0)).max() < 300


def test_a_loop_whose_ends_do_not_fit_does_not_click() -> None:
    playback = start()
    load(playback, playback.queue("a", loop=True), sine(0.2)[: 1_600 - 10], 1_590)
    sound = heard(playback, 100)
    assert np.abs(np.diff(sound)).max() < STEEPEST
    assert np.abs(sound).reshape(-1, 160).max(axis=1).min() > 7_000, "and leaves no hole"


def test_the_columns_say_which_frames_are_plain() -> None:
    columns = LegColumns(SLOT + 1)
    playback = Playback(LEG, 8, SLOT, columns)
    assert not columns.playing[SLOT] and columns.track[SLOT] == 0 and columns.track_last[SLOT] == -1
    prompt(playback, playback.queue("a", loop=False), 1000, 2000, 3000)
    assert columns.playing[SLOT] and columns.track[SLOT] == id(playback.track)
    assert (columns.track_at[SLOT], columns.track_last[SLOT]) == (0, 160), "the last frame ends something"
    columns.track_at[SLOT] += 320  # as the tick does
    assert hear(playback)[1] == [Played(LEG, "a", 60, True)]
    assert not columns.playing[SLOT] and columns.track[SLOT] == 0


def fine_sine(seconds: float) -> Track:
    pcm = np.rint(8000 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * 16_000)) / 16_000)).astype(
        np.int16
    )
    bits = pcm[::2].copy().view(np.uint16)
    return Track((LINEAR_TO_ULAW[bits], LINEAR_TO_ALAW[bits]), len(pcm) // 2, pcm)


def test_what_is_there_at_16_khz_is_given_so_and_never_clicks() -> None:
    playback = start()
    item = playback.queue("p", loop=False)
    assert item is not None and not playback.is_fine
    playback.load(item, fine_sine(1.0))
    ended: list[Played] = []
    frames: list[np.ndarray] = []

    def hear_fine(count: int) -> None:
        for _ in range(count):
            assert playback.is_fine
            out = np.zeros(320, np.int16)
            ended.extend(playback.frame(FINE, out.data.cast("B")))
            frames.append(out)

    hear_fine(5)
    playback.pause("p", True)
    hear_fine(2)
    playback.pause("p", False)
    hear_fine(2)
    playback.seek("p", 205, relative=False)
    hear_fine(3)
    playback.stop("p")
    hear_fine(1)
    sound = np.concatenate(frames).astype(int)
    assert not sound[6 * 320 : 7 * 320].any(), "paused"
    assert np.abs(np.diff(sound)).max() < 8000 * 2 * np.pi * 200 / 16_000 * 2.1
    assert [(played.play, played.finished) for played in ended] == [("p", False)] and not playback.is_fine

import numpy as np

from media.dsp.fade import SMOOTHED, fade_in, fade_out, joined

LOUD = np.full((3, 160), -20000, np.int16)


def test_fading_in_begins_at_silence_and_is_done_after_10_ms() -> None:
    faded = fade_in(LOUD)
    assert np.abs(faded[:, 0]).max() < 10
    assert (np.diff(faded[:, :80].astype(int)) <= 0).all(), "ever louder"
    assert (faded[:, 80:] == -20000).all()


def test_fading_out_ends_in_silence_after_10_ms() -> None:
    faded = fade_out(LOUD)
    assert np.abs(faded[:, 0] + 20000).max() < 10 and np.abs(faded[:, 79]).max() < 10
    assert not faded[:, 80:].any()


def test_no_step_is_larger_than_a_twentieth() -> None:
    for faded in (fade_in(LOUD), fade_out(LOUD)):
        assert np.abs(np.diff(faded.astype(int))).max() < 1000


def test_the_frame_itself_is_left_alone() -> None:
    fade_in(LOUD)
    fade_out(LOUD)
    assert (LOUD == -20000).all()


def test_what_follows_without_a_step_is_left_as_it_is() -> None:
    tone = np.rint(9000 * np.sin(np.arange(320) * 2 * np.pi / 40)).astype(np.int16)
    assert joined(tone[:160], tone[160:]) is not tone and (joined(tone[:160], tone[160:]) == tone[160:]).all()


def test_a_step_is_spread_over_10_ms() -> None:
    before, after = np.full(160, 9000, np.int16), np.full(160, -9000, np.int16)
    fitted = joined(before, after)
    assert abs(int(fitted[0]) - 9000) < 100 and (fitted[SMOOTHED:] == -9000).all()
    assert np.abs(np.diff(np.concatenate((before, fitted)).astype(int))).max() < 500
    assert len(joined(before, after[:20])) == 20


def test_frames_of_16_khz_fade_for_10_ms_as_well() -> None:
    loud = np.full((1, 320), 20_000, np.int16)
    rising, falling = fade_in(loud), fade_out(loud)
    assert rising[0, 0] < 10 and (np.diff(rising[0, :160].astype(int)) >= 0).all()
    assert (rising[0, 160:] == 20_000).all()
    assert (
        (np.diff(falling[0].astype(int)) <= 0).all() and not falling[0, 160:].any() and falling[0, 80] > 5_000
    )

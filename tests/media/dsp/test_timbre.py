import numpy as np
import pytest

from media.dsp.timbre import BANDS, FRAMES, SPECTRA, SURE, WEIGHTS, Timbre, known, parts
from tests.support.sound import Pcm, frames, noise, tones
from tests.support.speech import speech


def heard(*sounds: Pcm) -> Timbre:
    """The last second of each, one slot each."""
    timbre, rows = Timbre(len(sounds)), np.arange(len(sounds), dtype=np.int32)
    for of_each in zip(*(frames(sound)[-FRAMES:] for sound in sounds), strict=True):
        timbre.hear(rows, np.stack(of_each))
    return timbre


def test_the_weights_fit_what_is_seen() -> None:
    with np.load(WEIGHTS) as stored:
        assert set(stored.files) >= {"over_time_0", "over_time_1", "over_time_2", "first", "second"}
        assert len(stored["over_time_0"]) % BANDS == 0
    scores = Timbre(3).score(np.array([0, 2], np.int32), np.zeros(2, np.float32))
    assert scores.shape == (2,) and np.isfinite(scores).all()


def test_a_tone_is_seen_in_its_band_and_level_does_not_matter() -> None:
    timbre = heard(tones(1.0, 1000, dbov=-10), tones(1.0, 1000, dbov=-25), tones(1.0, 3000))
    seen = timbre.seen(np.arange(3, dtype=np.int32))
    assert seen.shape == (3, SPECTRA, BANDS)
    assert seen.max() == pytest.approx(0.5) and seen.min() >= -1.0
    np.testing.assert_allclose(seen[0].argmax(axis=1), seen[1].argmax(axis=1))
    loud = seen[:, SPECTRA // 2]
    np.testing.assert_allclose(loud[0][loud[1] > -0.2], loud[1][loud[1] > -0.2], atol=0.02)
    assert loud[2].argmax() > loud[0].argmax()


def test_the_latest_second_is_seen_oldest_first() -> None:
    """What begins in the last frame but ten is in the last spectra alone, wherever the ring stands."""
    for before in (0, 13):
        timbre, rows = Timbre(1), np.zeros(1, np.int32)
        sound = np.concatenate([np.zeros(160 * (60 + before - 10), np.int16), noise(0.2)])
        for frame in frames(sound):
            timbre.hear(rows, frame[None])
        (seen,) = timbre.seen(rows)
        assert (seen[: SPECTRA - 12].max(), seen[SPECTRA - 8 :].max()) == (seen.min(), 0.5)


def test_what_a_slot_heard_is_forgotten() -> None:
    timbre = heard(noise(1.0), noise(1.0, seed=2))
    rows = np.arange(2, dtype=np.int32)
    before = timbre.seen(rows)
    timbre.reset(0)
    after = timbre.seen(rows)
    assert np.ptp(after[0]) == 0.0
    np.testing.assert_array_equal(after[1], before[1])


@pytest.mark.parametrize("words", ["Yes.", "Hello, I have a question."])
def test_words_are_a_voice_wherever_the_frames_fall(words: str) -> None:
    said = np.concatenate([noise(1.0, -70), (speech(words) * 32767).astype(np.int16), noise(0.5, -70)])
    timbre = heard(*(said[at : at + 160 * FRAMES] for at in range(2_000, 2_160, 20)))
    scores = timbre.score(np.arange(8, dtype=np.int32), np.ones(8, np.float32))
    assert (scores > SURE).all()


def test_a_convolution_takes_every_second_place_whole() -> None:
    levels = np.arange(24, dtype=np.float32).reshape(1, 8, 3)
    found = parts(levels, np.zeros((9, 2), np.float32))
    assert found.tolist() == [[levels[0, at : at + 3].ravel().tolist() for at in (0, 2, 4)]]
    assert known(levels, np.array([2.0], np.float32)).shape == (1, 25)


def test_a_slot_that_heard_nothing_is_left_alone() -> None:
    """Its 16 kB of a second's sound come from the kernel when they are first written to."""
    timbre = Timbre(2)
    timbre._sound.setflags(write=False)
    timbre.reset(1)

import numpy as np
import pytest

from media.dsp.limiter import Limiter

SLOT = np.array([3], np.intp)


def wave(level: float, frames: int, samples: int = 160) -> np.ndarray:
    """440 Hz at 8 kHz, or 880 at 16, of so many times full scale, (frames, samples)."""
    time = np.arange(frames * samples)
    return np.rint(level * 32767 * np.sin(2 * np.pi * 440 / 8000 * time)).astype(np.int32).reshape(frames, -1)


def limited(sound: np.ndarray) -> np.ndarray:
    limiter = Limiter(4)
    return np.concatenate([limiter.process(SLOT, frame[None, :].copy())[0] for frame in sound]).astype(float)


def test_what_is_not_too_loud_is_left_as_it_is() -> None:
    sound = wave(1.0, 50)
    assert (limited(sound) == sound.reshape(-1)).all()


@pytest.mark.parametrize("samples", [160, 320])
def test_what_is_too_loud_stays_a_sine(samples: int) -> None:
    heard = limited(wave(3.0, 50, samples))[samples:]
    assert 30_000 < np.abs(heard).max() <= 32_768
    spectrum = np.abs(np.fft.rfft(heard[-40 * samples :] * np.hanning(40 * samples)))
    top = int(spectrum.argmax())
    rest = np.concatenate((spectrum[: top - 4], spectrum[top + 5 :]))
    assert 20 * np.log10(rest.max() / spectrum[top]) < -60, "clipped, it would be -12 dB"


def test_it_comes_back_evenly_when_the_others_are_silent() -> None:
    sound = np.concatenate((wave(0.3, 10), wave(3.0, 25), wave(0.3, 50)))
    heard = limited(sound)
    bends = np.abs(np.diff(heard[35 * 160 + 2 :], 2)).max()
    assert bends < 0.3 * 32767 * (2 * np.pi * 440 / 8000) ** 2 * 1.1
    assert (heard[60 * 160 :] == sound.reshape(-1)[60 * 160 :]).all()


def test_legs_do_not_disturb_each_other_and_a_new_one_begins_anew() -> None:
    limiter = Limiter(4)
    both = np.array([1, 2], np.intp)
    for _ in range(5):
        heard = limiter.process(both, np.concatenate((wave(4.0, 1), wave(0.5, 1))))
    assert (heard[1] == wave(0.5, 1)[0]).all() and np.abs(heard[0]).max() <= 32_768
    limiter.begin(1)
    assert (limiter.process(both, np.concatenate((wave(0.5, 1), wave(0.5, 1)))) == wave(0.5, 1)[0]).all()

import numpy as np
import pytest
from numpy.typing import NDArray

from media.dsp.resample import Resampler, low_pass

RATES = [(8000, 16000), (16000, 8000), (8000, 24000), (24000, 8000), (16000, 24000), (24000, 16000)]
LEGS = 5


def stream(resampler: Resampler, signal: NDArray[np.int16]) -> NDArray[np.int16]:
    """Send `signal`, shape (legs, samples), through in frames, the slots in falling order."""
    rows = np.arange(len(signal), dtype=np.int32)[::-1] + 1
    frames = signal.reshape(len(signal), -1, resampler.samples_in)
    return np.concatenate([resampler.process(rows, frames[:, i]) for i in range(frames.shape[1])], axis=1)


def polyphase(signal: NDArray[np.int16], up: int, down: int) -> NDArray[np.float64]:
    """The textbook: stuff zeros, filter in double precision, keep every `down`-th sample."""
    stuffed = np.zeros(len(signal) * up)
    stuffed[::up] = signal
    return np.convolve(stuffed, low_pass(up, down))[: len(stuffed)][::down]


def tone(hertz: float, rate: int, seconds: float = 0.4, level: float = 16000.0) -> NDArray[np.int16]:
    t = np.arange(int(rate * seconds)) / rate
    return np.rint(level * np.sin(2 * np.pi * hertz * t)).astype(np.int16)[None, :]


def decibels(signal: NDArray[np.generic], level: float = 16000.0) -> float:
    settled = signal[0, signal.shape[1] // 4 :].astype(float)
    return float(10 * np.log10(2 * np.mean(settled**2) / level**2 + 1e-12))


@pytest.mark.parametrize(("source", "target"), RATES)
def test_equals_the_textbook_polyphase_filter_over_frame_borders(source: int, target: int) -> None:
    resampler = Resampler(8, source, target)
    noise = np.random.default_rng(1).integers(
        -12000, 12000, (LEGS, 12 * resampler.samples_in), dtype=np.int16
    )
    result = stream(resampler, noise)
    step = int(np.gcd(source, target))
    for leg in range(LEGS):
        reference = polyphase(noise[leg], target // step, source // step)
        assert np.abs(result[leg] - reference).max() <= 0.51


@pytest.mark.parametrize(("source", "target"), RATES)
def test_gain_is_one_in_the_pass_band(source: int, target: int) -> None:
    for share in (0.05, 0.3, 0.6, 0.8):
        hertz = share * min(source, target) / 2
        assert abs(decibels(stream(Resampler(8, source, target), tone(hertz, source)))) < 0.02


@pytest.mark.parametrize(("source", "target"), [(16000, 8000), (24000, 8000), (24000, 16000)])
def test_tones_above_the_new_band_are_60_db_down_instead_of_aliased(source: int, target: int) -> None:
    for share in (1.01, 1.1, 1.3, 1.45):
        assert decibels(stream(Resampler(8, source, target), tone(share * target / 2, source))) < -60


@pytest.mark.parametrize(("source", "target"), [(8000, 16000), (8000, 24000), (16000, 24000)])
def test_images_above_the_old_band_are_60_db_down(source: int, target: int) -> None:
    result = stream(Resampler(8, source, target), tone(0.35 * source / 2, source))[0, target // 10 :]
    spectrum = np.abs(np.fft.rfft(result * np.blackman(len(result)))) ** 2
    hertz = np.fft.rfftfreq(len(result), 1 / target)
    assert spectrum[hertz > source / 2].max() < spectrum.max() * 1e-6


def test_full_scale_square_wave_saturates_instead_of_wrapping() -> None:
    square = np.where(np.arange(1600) // 40 % 2, 32767, -32768).astype(np.int16)[None, :]
    result = stream(Resampler(4, 8000, 16000), square)[0]
    middle = result[400:-80]
    assert middle.max() == 32767 and middle.min() == -32768
    assert np.abs(np.diff(middle.astype(int))).max() < 60000  # a wrapped sample would jump by 65,535


def test_each_slot_keeps_its_own_memory_until_reset() -> None:
    resampler = Resampler(4, 8000, 16000)
    loud = np.full((1, 160), 20000, np.int16)
    quiet = np.zeros((1, 160), np.int16)
    first, second = np.array([1], np.int32), np.array([2], np.int32)
    resampler.process(first, loud)
    assert not resampler.process(second, quiet).any()
    assert resampler.process(first, quiet).any(), "the tail of the loud frame is still in the filter"
    resampler.process(first, loud)
    resampler.reset(1)
    assert not resampler.process(first, quiet).any()


def test_more_legs_than_one_chunk_are_all_converted() -> None:
    resampler = Resampler(300, 8000, 16000)
    pcm = np.random.default_rng(2).integers(-9000, 9000, (300, 160), dtype=np.int16)
    together = resampler.process(np.arange(300, dtype=np.int32), pcm)
    alone = Resampler(300, 8000, 16000)
    for leg in (0, 127, 128, 255, 256, 299):
        rows = np.array([leg], np.int32)
        assert np.abs(alone.process(rows, pcm[leg : leg + 1])[0].astype(int) - together[leg]).max() <= 1


def test_no_legs_is_no_work() -> None:
    assert Resampler(4, 8000, 24000).process(np.empty(0, np.int32), np.empty((0, 160), np.int16)).shape == (
        0,
        480,
    )

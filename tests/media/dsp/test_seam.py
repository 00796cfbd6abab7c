import numpy as np
import pytest

from media.dsp.seam import TAIL, carried_on
from tests.support import sound

HUM = (0.3 * 32767 * np.sin(2 * np.pi * 307 / 8000 * np.arange(8000))).astype(np.int16)
SILENCE = np.zeros((1, 160), np.int16)


def cut(signal: np.ndarray, at: int, after: np.ndarray = SILENCE) -> np.ndarray:
    """The signal up to a sample, and what follows it."""
    times = after.shape[1] // 160
    before = signal[at - TAIL * times : at]
    return np.concatenate((before, carried_on(before[None, :], after)[0]))


def bend(heard: np.ndarray) -> float:
    return float(np.abs(np.diff(heard.astype(float), 2)).max())


@pytest.mark.parametrize("at", range(200, 230))
def test_a_tone_that_breaks_off_rings_out_within_10_ms_wherever_it_is_cut(at: int) -> None:
    heard = cut(HUM, at)
    assert bend(heard) < 1.5 * bend(HUM)
    assert not heard[TAIL + 80 :].any()


@pytest.mark.parametrize("at", range(200, 230, 3))
def test_a_tone_becomes_another_without_a_step(at: int) -> None:
    other = (0.3 * 32767 * np.cos(2 * np.pi * 290 / 8000 * np.arange(160))).astype(np.int16)
    assert bend(cut(HUM, at, other[None, :])) < 3 * bend(HUM)


@pytest.mark.parametrize("at", range(400, 430, 3))
def test_so_it_is_at_16_khz(at: int) -> None:
    hum = (0.3 * 32767 * np.sin(2 * np.pi * 307 / 16000 * np.arange(16000))).astype(np.int16)
    heard = cut(hum, at, np.zeros((1, 320), np.int16))
    assert bend(heard) < 2 * bend(hum) and not heard[2 * TAIL + 160 :].any()


def test_what_fits_is_left_as_it_is() -> None:
    after = HUM[300:460][None, :]
    assert carried_on(HUM[300 - TAIL : 300][None, :], after) is after


def test_a_sound_that_begins_out_of_silence_is_left_as_it_is_unless_it_is_in_the_midst_of_a_wave() -> None:
    quiet = np.zeros((1, TAIL), np.int16)
    begins, amid = HUM[:160][None, :], HUM[7:167][None, :]
    assert carried_on(quiet, begins) is begins
    risen = carried_on(quiet, amid)[0]
    assert abs(int(risen[0])) < 64 and bend(np.concatenate((quiet[0], risen))) < 2 * bend(HUM)
    assert (risen[40:] == amid[0, 40:]).all()


def test_a_sibilant_leaves_no_thump_behind() -> None:
    """An offset that died away would be heard as a low tone."""
    hiss = np.diff(sound.noise(1.0, -12.0, 5).astype(float)).astype(np.int16)
    for at in range(1000, 3000, 100):
        after = cut(hiss, at)[TAIL:].astype(float)
        low = np.abs(np.fft.rfft(after))[1:5].sum()
        assert low < 0.1 * np.abs(np.fft.rfft(hiss[at - 160 : at].astype(float))).sum()


def test_no_tail_makes_more_of_itself() -> None:
    random = np.random.default_rng(1)
    tails = [random.integers(-32768, 32768, (1, TAIL)), np.full((1, TAIL), 32767), np.zeros((1, TAIL))]
    tails += [np.arange(TAIL)[None, :] * 1000, 20000 * (-1) ** np.arange(TAIL)[None, :]]
    for tail in tails:
        past = tail.astype(np.int16)
        heard = carried_on(past, SILENCE)[0].astype(int)
        assert np.abs(heard).max() <= np.abs(past.astype(int)).max()
        assert np.isfinite(heard).all()


def test_rows_do_not_disturb_each_other() -> None:
    past = np.stack([HUM[200 - TAIL : 200], HUM[300 - TAIL : 300], np.zeros(TAIL, np.int16)])
    after = np.concatenate((SILENCE, HUM[300:460][None, :], SILENCE))
    whole = carried_on(past, after)
    assert (whole[0] == carried_on(past[:1], after[:1])[0]).all() and whole[0].any()
    assert (whole[1:] == after[1:]).all()

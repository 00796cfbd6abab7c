import numpy as np
import pytest

from media.dsp.talker import NOISE_FRAMES, Talkers
from tests.support.sound import RATE, Pcm, at_level, digits, frames, noise, silence, tones, with_noise
from tests.support.speech import speech


def talk(sound: Pcm, talkers: Talkers | None = None) -> tuple[list[float], list[float]]:
    """When talk starts and stops in `sound` [s]."""
    talkers = talkers or Talkers(1, release=0.5)
    started, stopped = [], []
    for index, frame in enumerate(frames(sound)):
        starts, stops = talkers.process(np.zeros(1, np.int32), frame[None, :], index * 0.02)
        started += [index * 0.02] * len(starts)
        stopped += [index * 0.02] * len(stops)
    return started, stopped


@pytest.mark.parametrize("dbov", [-12, -20, -30])
@pytest.mark.parametrize("noise_dbov", [-50, -65])
def test_talk_is_noticed_in_noise_and_ends_half_a_second_after_it(dbov: float, noise_dbov: float) -> None:
    said = at_level(speech("Good morning everybody, shall we begin with the numbers of last week?"), dbov)
    started, stopped = talk(with_noise(np.concatenate((silence(1.0), said, silence(1.5))), noise_dbov))
    assert 1.08 <= started[0] < 1.4 and len(started) == len(stopped) == 1
    assert -0.2 < stopped[0] - 0.5 - (1.0 + len(said) / RATE) < 0.06


def test_the_beginning_is_that_of_the_first_loud_frame() -> None:
    talkers = Talkers(1, release=0.5)
    started, _ = talk(np.concatenate((silence(1.0), tones(0.4, 300))), talkers)
    assert started == [pytest.approx(1.08)] and talkers.onset[0] == pytest.approx(1.0)


@pytest.mark.parametrize("sound", [noise(6.0, -30), tones(6.0, 425), tones(6.0, 50, 150)])
def test_what_goes_on_as_it_is_becomes_the_noise_of_the_line(sound: Pcm) -> None:
    """A second at the most, and what ends half a second later, is taken for talk."""
    started, stopped = talk(np.concatenate((silence(1.0), sound)))
    assert len(started) <= 1 and len(stopped) == len(started)
    assert not stopped or stopped[0] < 1.0 + 2 * NOISE_FRAMES * 0.02 + 0.5 + 0.1


def test_a_line_that_is_noisy_from_the_first_frame_on_has_nobody_talking() -> None:
    assert talk(noise(5.0, -25)) == ([], [])


def test_clicks_are_no_talk() -> None:
    sound = noise(6.0, -60)
    for at in range(2000, len(sound), 2400):
        sound[at : at + 40] = 20_000
    assert talk(sound) == ([], [])


def test_each_slot_is_for_itself_and_reset_forgets_one() -> None:
    talkers = Talkers(3, release=0.5)
    loud, quiet = frames(tones(0.3, 300)), np.zeros(160, np.int16)
    before = np.zeros((3, 160), np.int16)
    rows = np.arange(3, dtype=np.int32)
    talkers.process(rows, before, 0.0)
    for index, frame in enumerate(loud):
        talkers.process(rows, np.stack((frame, quiet, frame)), 0.02 * index)
    assert talkers.speaking.tolist() == [True, False, True]
    talkers.reset(2)
    assert talkers.speaking.tolist() == [True, False, False]


def test_keys_that_somebody_presses_are_no_exception() -> None:
    """Agents are spared them (`vad.py`); to who looks at a room it is somebody doing something."""
    assert talk(np.concatenate((silence(1.0), digits(2.0))))[0]

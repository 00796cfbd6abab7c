import numpy as np
import pytest

from media.dsp.gate import FULL, TONE, UNVOICED, VOICED, VoiceGate
from tests.support.sound import Pcm, at_level, digits, frames, noise, silence, tones, with_noise
from tests.support.speech import speech


def voice(dbov: float) -> Pcm:
    return at_level(speech("My number is one two three four five."), dbov)


def share_voiced(sound: Pcm) -> float:
    """Share of the frames of `sound` that pass, after half a second of quiet."""
    gate = VoiceGate(3)
    slot = np.array([2], np.int32)
    quiet = frames(noise(0.5, -70))
    for frame in quiet:
        gate.process(slot, frame[None, :])
    return float(np.mean([gate.process(slot, frame[None, :])[0] >= VOICED for frame in frames(sound)]))


@pytest.mark.parametrize("dbov", [-10, -20, -30, -40])
def test_a_third_of_the_frames_of_a_voice_pass_at_every_level(dbov: float) -> None:
    assert share_voiced(voice(dbov)) > 0.33


@pytest.mark.parametrize("dbov", [-10, -20, -35])
def test_a_voice_passes_through_noise_20_db_below_it(dbov: float) -> None:
    assert share_voiced(with_noise(voice(dbov), dbov - 20)) > 0.33


@pytest.mark.parametrize("dbov", [-5, -20, -40])
@pytest.mark.parametrize("colour", [0.0, 1.0, 2.0])
def test_noise_does_not_pass_even_when_it_starts_at_once(colour: float, dbov: float) -> None:
    assert share_voiced(noise(3, dbov, seed=3, colour=colour)) < 0.04


@pytest.mark.parametrize("hertz", [(350, 440), (440, 480), (480, 620), (425,), (1004,), (200,), (2100,)])
@pytest.mark.parametrize("dbov", [-10, -20, -40])
def test_tones_of_the_network_do_not_pass(hertz: tuple[float, ...], dbov: float) -> None:
    assert share_voiced(tones(2, *hertz, dbov=dbov)) < 0.02
    assert share_voiced(with_noise(tones(2, *hertz, dbov=dbov), dbov - 20)) < 0.04


@pytest.mark.parametrize("on", [0.04, 0.05, 0.1, 0.25])
def test_keys_pass_at_most_at_their_edges(on: float) -> None:
    """Half of what begins and ends, at most; the VAD wants more, see there."""
    assert share_voiced(digits(3, on, on)) < 0.3


def test_a_held_chord_passes_only_where_it_starts() -> None:
    chord = tones(2, 220, 277, 330, 440, 554, 660, 880, dbov=-18)
    assert share_voiced(chord) < 0.06


def test_a_held_tone_is_called_one_and_a_fricative_earns_little() -> None:
    gate = VoiceGate(1)
    slot = np.zeros(1, np.int32)
    sound = np.concatenate([noise(0.5, -70), tones(0.2, 425, dbov=-20), noise(0.5, -70), noise(0.1, -30)])
    points = np.array([gate.process(slot, frame[None, :])[0] for frame in frames(sound)])
    assert (points[28:35] == TONE).sum() >= 5
    assert (points[60:65] >= UNVOICED).all() and points[60:65].mean() < VOICED
    assert points.max() <= FULL


def test_the_fricative_before_a_vowel_is_not_taken_for_noise() -> None:
    """The floor follows the quietest of the last 200 ms: 150 ms of an "s" leave it where it was."""
    gate = VoiceGate(1)
    slot = np.zeros(1, np.int32)
    sound = np.concatenate([noise(0.5, -70), noise(0.15, -30)])
    points = [gate.process(slot, frame[None, :])[0] for frame in frames(sound)]
    assert all(point >= UNVOICED for point in points[26:32])


def test_digital_silence_and_full_scale_are_no_voice_and_no_error() -> None:
    assert share_voiced(silence(1)) == 0.0
    assert share_voiced(np.full(8000, -32768, np.int16)) < 0.05


def test_rows_are_judged_apart_and_reset_forgets_one_of_them() -> None:
    gate = VoiceGate(4)
    both = np.array([3, 1], np.int32)
    speaking, hum = frames(voice(-20)), frames(tones(9, 100, dbov=-20))
    alone = VoiceGate(4)
    voiced = np.zeros(2, np.int64)
    for spoken, hummed in zip(speaking, hum, strict=False):
        together = gate.process(both, np.stack([spoken, hummed]))
        assert together[0] == alone.process(np.array([3], np.int32), spoken[None, :])[0]
        voiced += together >= VOICED
    assert voiced[0] > 20 and voiced[1] <= 2, "a hum may pass where it starts"
    gate.reset(1)
    fresh = VoiceGate(4)
    for spoken in speaking[:40]:
        one = np.array([1], np.int32)
        assert gate.process(one, spoken[None, :]) == fresh.process(one, spoken[None, :])


def test_no_rows_are_no_work() -> None:
    assert len(VoiceGate(2).process(np.empty(0, np.int32), np.empty((0, 160), np.int16))) == 0

"""Keys heard as tones (ITU-T Q.24)."""

import numpy as np
import pytest

from media.dsp.goertzel import HELD_FRAMES, HIGH, KEYS, LOW, ToneKeys
from tests.support import sound
from tests.support.disturbance import NOISES
from tests.support.utterance import utterances

ROW = np.zeros(1, np.int32)


def key_tone(
    key: str, samples: int, *, level: float = 0.1, off: float = 1.0, twist_db: float = 0.0
) -> np.ndarray:
    low, high = LOW[KEYS.index(key) // 4], HIGH[KEYS.index(key) % 4]
    time = np.arange(samples) / 8000
    gain = 10 ** (twist_db / 20)
    return (
        32767 * level * (np.sin(2 * np.pi * low * off * time) + gain * np.sin(2 * np.pi * high * off * time))
    )


def pressed(pcm: np.ndarray, keys: ToneKeys | None = None) -> str:
    keys = keys or ToneKeys(1)
    whole = np.clip(pcm, -32768, 32767).astype(np.int16)
    frames = whole[: len(whole) // 160 * 160].reshape(-1, 1, 160)
    return "".join(heard.key for frame in frames for heard in keys.process(ROW, frame))


def dialled(digits: str, on: int = 800, pause: int = 640, lead: int = 0, **more: float) -> np.ndarray:
    parts = [np.zeros(lead)]
    for digit in digits:
        parts += [key_tone(digit, on, **more), np.zeros(pause)]
    return np.concatenate([*parts, np.zeros(640)])


def test_every_key_is_heard_once() -> None:
    assert pressed(dialled(KEYS)) == KEYS


@pytest.mark.parametrize("lead", range(0, 160, 20))
def test_fifty_milliseconds_are_enough_wherever_the_frames_begin(lead: int) -> None:
    assert pressed(dialled("159#", on=400, pause=400, lead=lead)) == "159#"


@pytest.mark.parametrize("lead", range(0, 160, 10))
def test_forty_milliseconds_are_enough_wherever_the_frames_begin_and_forty_between_two(lead: int) -> None:
    """Q.24 §2.3: what lasts for 40 ms is a key, what lasts for 23 ms is none."""
    assert pressed(dialled("1599#", on=320, pause=320, lead=lead)) == "1599#"
    assert pressed(dialled("159#", on=184, pause=320, lead=lead)) == ""


@pytest.mark.parametrize("level", [-30, -40, -50])
def test_quiet_keys_are_heard(level: int) -> None:
    """Each tone in dB below full scale."""
    assert pressed(dialled("2580", level=10 ** (level / 20))) == "2580"


def test_speech_and_the_noises_of_a_line_are_no_keys() -> None:
    talk = [utterance.signal / np.abs(utterance.signal).max() * 20_000 for utterance in utterances(40, 5)]
    assert len(np.concatenate(talk)) > 30 * 8000
    assert pressed(np.concatenate(talk)) == ""
    for name, make in NOISES.items():
        if "keys" not in name:
            assert pressed(make(np.random.default_rng(1)) * 0.5) == "", name


@pytest.mark.parametrize("off", [0.985, 1.015])
@pytest.mark.parametrize("key", KEYS)
def test_a_sender_may_be_one_and_a_half_percent_off(key: str, off: float) -> None:
    assert pressed(dialled(key, off=off)) == key


@pytest.mark.parametrize("twist", [-8.0, -4.0, 4.0, 8.0])
def test_high_and_low_tone_may_differ(twist: float) -> None:
    assert pressed(dialled("2580", twist_db=twist)) == "2580"


def test_the_same_key_twice_is_two_presses_and_a_long_one_is_one() -> None:
    assert pressed(dialled("55")) == "55"
    held = ToneKeys(1)
    assert pressed(key_tone("5", 160 * (HELD_FRAMES + 50)), held) == "5", "told while it is held"
    assert pressed(np.zeros(1600), held) == "", "and not again"


def test_noise_under_the_tones_does_no_harm() -> None:
    clean = dialled("13579", level=0.1)
    noisy = clean + np.random.default_rng(3).normal(0, 32767 * 0.1 * 0.1, len(clean))
    assert pressed(noisy) == "13579"


def test_what_is_no_key_is_none() -> None:
    single = 8000 * np.sin(2 * np.pi * 770 * np.arange(8000) / 8000)
    assert pressed(single) == "" and pressed(np.zeros(8000)) == ""
    assert pressed(sound.noise(20.0).astype(float)) == ""
    for ringback in (sound.tones(4.0, 440, 480), sound.tones(4.0, 480, 620), sound.tones(4.0, 350, 440)):
        assert pressed(ringback.astype(float)) == ""


def test_legs_do_not_disturb_each_other() -> None:
    keys = ToneKeys(4)
    rows = np.array([1, 3], np.int32)
    frames = np.stack([dialled("1"), dialled("2")], axis=1)
    whole = frames[: len(frames) // 160 * 160].astype(np.int16).reshape(-1, 160, 2).transpose(0, 2, 1)
    heard = [(press.row, press.key, press.frames) for frame in whole for press in keys.process(rows, frame)]
    assert heard == [(0, "1", 5), (1, "2", 5)]

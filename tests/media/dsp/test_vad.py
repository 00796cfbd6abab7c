import asyncio
from dataclasses import dataclass

import numpy as np
import pytest
import soxr

from media.dsp.timbre import Timbre
from media.dsp.vad import ASKED, ENDLESS, VoiceActivity
from media.tts import Speaker
from tests.bench.voice import delays, mistaken, spoken, unspoken
from tests.support.disturbance import melody
from tests.support.sound import Pcm, at_level, frames, silence, with_noise
from tests.support.speech import speech as sound_of

FRAME = 0.02
TEXTS = [
    ("Hello, I would like to talk to somebody about my account.", "en-us"),
    ("No, stop.", "en-us+f3"),
    ("Good morning, is anybody there?", "en+m3"),
    ("Guten Tag, ich möchte gerne einen Termin.", "de+f2"),
    ("Buenos días, quisiera hablar con un agente.", "es"),
    ("Bonjour, je voudrais parler à quelqu'un.", "fr+f4"),
    ("Добрый день, я хочу поговорить с оператором.", "ru"),
    ("你好，我想查询我的账户。", "cmn"),
    ("Buongiorno, vorrei sapere gli orari.", "it+m7"),
    ("नमस्ते, मुझे मदद चाहिए।", "hi"),
]


@pytest.fixture(scope="module")
def utterances() -> list[np.ndarray]:
    async def speak() -> list[np.ndarray]:
        async with Speaker() as speaker:
            spoken = [await speaker.speak(text, voice) for text, voice in TEXTS]
        heard = []
        for speech in spoken:
            pcm = np.frombuffer(speech.pcm, "<i2").astype(np.float64)
            pcm = soxr.resample(pcm, speech.sample_rate, 8000)
            loud = np.flatnonzero(np.abs(pcm) > 300)
            heard.append(pcm[loud[0] : loud[-1]])
        return heard

    return asyncio.run(speak())


@dataclass
class Heard:
    """Per leg, times from the start of its first frame [s]."""

    started: list[list[float]]
    onsets: list[list[float]]
    stopped: list[list[float]]


def listen(sounds: list[Pcm], activity: VoiceActivity | None = None) -> Heard:
    """Put all `sounds` through at once, one leg each, filled up with silence."""
    longest = max(len(sound) for sound in sounds)
    legs = np.stack([frames(np.pad(sound, (0, longest - len(sound)))) for sound in sounds])
    activity = activity or VoiceActivity(len(sounds))
    rows = np.arange(len(sounds), dtype=np.int32)
    heard = Heard(*([[] for _ in sounds] for _ in range(3)))
    for index in range(legs.shape[1]):
        now = index * FRAME
        started, stopped = activity.process(rows, legs[:, index], now)
        for slot in started:
            heard.started[slot].append(now)
            heard.onsets[slot].append(float(activity.onset[slot]))
        for slot in stopped:
            heard.stopped[slot].append(now)
    return heard


def on_a_line(spoken: np.ndarray, dbov: float, noise_dbov: float, seed: int = 1) -> Pcm:
    speech = at_level(spoken, dbov)
    return with_noise(np.concatenate([silence(0.5), speech, silence(1.2)]), noise_dbov, seed)


@pytest.mark.parametrize("snr", [20, 50])
@pytest.mark.parametrize("dbov", [-10, -20, -30, -35])
def test_speech_of_ten_voices_is_heard_within_200_ms_of_its_first_voiced_frame(
    dbov: float, snr: float, utterances: list[np.ndarray]
) -> None:
    heard = listen([on_a_line(spoken, dbov, dbov - snr, seed) for seed, spoken in enumerate(utterances)])
    assert all(heard.started), "nobody is missed"
    for started, onsets, stopped in zip(heard.started, heard.onsets, heard.stopped, strict=True):
        assert 0 < started[0] - onsets[0] <= 0.2
        assert onsets[0] >= 0.46, "nothing before the speech, but for the window of the gate"
        assert len(stopped) == len(started)


def test_ordinary_speech_is_noticed_within_200_ms_of_its_first_clear_frame() -> None:
    """Issue 2, must be shown 4: soft and unvoiced beginnings too. `tests.bench.voice` names the late ones."""
    late = np.array(delays(list(spoken(60, seed=1).values())))
    assert np.mean(late <= 200) >= 0.97
    assert np.median(late) <= 80


def test_noise_tones_and_keys_are_not_speech() -> None:
    sounds = unspoken(2, seed=1, seconds=5.0)
    false = mistaken(sounds)
    assert false.total() <= len(sounds) * 0.01, false


@pytest.mark.parametrize("words", ["Excuse me, I would like to change my order.", "Stop.", "Yes.", "Sure."])
def test_a_short_vowel_between_consonants_is_noticed_wherever_the_frames_fall(words: str) -> None:
    """At one place in eight, the 60 ms of vowel in "Ex-" share no 40 ms with one window."""
    signal = sound_of(words) * 32767
    sounds = [
        np.concatenate([silence(0.5), np.zeros(at), signal]).astype(np.int16) for at in range(0, 160, 20)
    ]
    delays = []
    for sound, started in zip(sounds, listen(sounds).started, strict=True):
        (loud,) = (np.abs(frames(sound)).max(axis=1) > 1640).nonzero()
        delays.append(started[0] - loud[0] * FRAME)
    assert sum(delay <= 0.2 for delay in delays) >= 7
    assert max(delays) <= 0.36


def test_the_first_chord_of_a_melody_is_not_speech() -> None:
    sounds = [("strings", at_level(melody(np.random.default_rng(seed), "strings"), -20)) for seed in range(8)]
    assert mistaken(sounds).total() <= 1


def test_after_a_melody_clear_speech_still_starts(utterances: list[np.ndarray]) -> None:
    """What held tones add to the price is bounded, and fades within seconds."""
    tune = at_level(melody(np.random.default_rng(3), "strings")[:24000], -20)
    heard = listen([np.concatenate([tune, silence(0.7), at_level(utterances[0], -20)])])
    assert any(3.7 <= at <= 4.2 for at in heard.started[0])


def test_speech_stops_half_a_second_after_its_last_voiced_frame(utterances: list[np.ndarray]) -> None:
    activity = VoiceActivity(1)
    heard = listen([on_a_line(utterances[1], -20, -60)], activity)
    assert heard.stopped[0][-1] - activity.heard[0] == pytest.approx(0.5, abs=0.011)
    assert not activity.speaking[0]


def test_the_release_is_configurable(utterances: list[np.ndarray]) -> None:
    sound = on_a_line(utterances[1], -20, -60)
    quick = listen([sound], VoiceActivity(1, release=0.2)).stopped[0][-1]
    slow = listen([sound], VoiceActivity(1, release=0.8)).stopped[0][-1]
    assert slow - quick == pytest.approx(0.6, abs=0.03)


def test_speaking_is_a_column_and_reset_clears_one_slot(utterances: list[np.ndarray]) -> None:
    activity = VoiceActivity(3)
    rows = np.array([2, 0], np.int32)
    for index, frame in enumerate(frames(at_level(utterances[0], -20))[:30]):
        activity.process(rows, np.stack([frame, frame]), index * FRAME)
    assert activity.speaking.tolist() == [True, False, True]
    activity.reset(2)
    assert activity.speaking.tolist() == [True, False, False]
    started, stopped = activity.process(rows[:1], np.zeros((1, 160), np.int16), 9.0)
    assert len(started) == len(stopped) == 0


def test_no_rows_are_no_work() -> None:
    started, stopped = VoiceActivity(2).process(np.empty(0, np.int32), np.empty((0, 160), np.int16), 0.0)
    assert len(started) == len(stopped) == 0


def test_webrtcvad_has_the_last_word_on_voiced_frames(utterances: list[np.ndarray]) -> None:
    """A detector that hears nobody leaves nobody speaking, whatever the gate found."""

    class Deaf:
        def is_speech(self, frame: bytes, rate: int) -> bool:
            assert len(frame) == 320 and rate == 8000
            return False

    spoken = at_level(utterances[0], -20.0)
    deaf = VoiceActivity(1)
    deaf._detectors[0] = Deaf()  # type: ignore[call-overload]
    for activity, expected in ((VoiceActivity(1), 1), (deaf, 0)):
        started = 0
        for n, frame in enumerate(frames(spoken)):
            rows, _ = activity.process(np.zeros(1, np.int32), frame[None], n * 0.02)
            started += len(rows)
        assert min(started, 1) == expected


class Doubtful(Timbre):
    """Takes nothing for a voice."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.asked: list[list[int]] = []

    def score(self, slots: np.ndarray, likely: np.ndarray) -> np.ndarray:
        self.asked.append(slots.tolist())
        return np.full(len(slots), -9.0, np.float32)


def test_what_costs_most_is_asked_about_few_slots_a_tick_and_about_each_in_its_turn(
    utterances: list[np.ndarray],
) -> None:
    slots, timbre = np.arange(20, dtype=np.int32), Doubtful(20)
    activity = VoiceActivity(20, timbre=timbre)
    for index, frame in enumerate(frames(np.tile(at_level(utterances[0], -20), 3))):
        activity.process(slots, np.repeat(frame[None], 20, axis=0), index * 0.02)
    assert {len(asked) for asked in timbre.asked[:20]} == {20} and ENDLESS > 0.4
    later = [asked for asked in timbre.asked if len(asked) < 20]
    assert {len(asked) for asked in later} == {ASKED} and len({asked[0] for asked in later[:20]}) == 20


def test_who_judges_the_judges_asks_about_every_slot_in_every_tick(utterances: list[np.ndarray]) -> None:
    slots, timbre = np.arange(20, dtype=np.int32), Doubtful(20)
    activity = VoiceActivity(20, timbre=timbre, asked=20)
    for index, frame in enumerate(frames(np.tile(at_level(utterances[0], -20), 3))):
        activity.process(slots, np.repeat(frame[None], 20, axis=0), index * 0.02)
    assert {len(asked) for asked in timbre.asked} == {20}

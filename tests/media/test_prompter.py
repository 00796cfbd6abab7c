"""Prompts and tones on the wire: whole, seamless, loaded meanwhile, stopped without a click."""

import asyncio

import numpy as np
import pytest

from media.codec import g711
from media.port import (
    AgentSpec,
    AttachAgent,
    Echo,
    LegId,
    PausePlay,
    Play,
    Played,
    Release,
    SeekPlay,
    StopPlay,
    Tone,
)
from media.prompt import Prompt, PromptError
from tests.support.phone import Studio, signal_to_noise, tone

LEG = LegId("leg")
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


def prompt(pcm: np.ndarray) -> Prompt:
    frames = pcm[: len(pcm) // 160 * 160].reshape(-1, 160)
    return Prompt(frames, g711.encode_ulaw(frames), g711.encode_alaw(frames), frames.size)


def test_a_prompt_is_heard_whole_and_told_with_its_length() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    sent = tone(700, 1.0)
    studio.prompts.store["p.wav"] = prompt(sent)
    studio.run(0.1)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(1.5)
    assert studio.of(Played) == [Played(LEG, "p", 1000, True)]
    assert signal_to_noise(phone.heard(), sent) > 35


def test_two_prompts_follow_each_other_without_a_seam_over_the_audio_of_the_leg() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    phone.say(tone(3000, 3.0))
    sent = tone(700, 1.0)
    studio.prompts.store |= {"a.wav": prompt(sent[:4800]), "b.wav": prompt(sent[4800:])}
    studio.run(0.5)
    for path in ("a.wav", "b.wav"):
        studio.engine.execute(Play(LEG, path, path))
    studio.run(2.0)
    heard = phone.heard()
    # The echo that it breaks off dies away within 10 ms.
    assert signal_to_noise(heard, sent[80:]) > 35
    assert np.abs(heard[-4000:].astype(int)).max() > 5000, "the echo is back"


def test_stopping_a_prompt_makes_no_click() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.prompts.store["p.wav"] = prompt(tone(300, 5.0))
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(1.003)
    studio.engine.execute(StopPlay(LEG, "p"))
    count = len(phone.received)
    studio.run(0.5)
    told = studio.of(Played)
    assert [(t.finished, t.error) for t in told] == [(False, "")] and 980 <= told[0].milliseconds <= 1040
    after = phone.heard()[count * 160 :].astype(int)
    # The tone's own steepest step is 0.3 · 32767 · 2π · 300 / 8000 = 2316.
    assert np.abs(np.diff(phone.heard().astype(int))).max() < 2700
    assert (after[160 + 80 :] == 0).all(), "one frame more, faded within 10 ms"


def test_a_loop_plays_until_it_is_stopped() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.prompts.store["p.wav"] = prompt(tone(700, 0.2))
    studio.engine.execute(Play(LEG, "p", "p.wav", loop=True))
    studio.run(2.0)
    assert studio.of(Played) == [] and np.abs(phone.heard()[-320:].astype(int)).max() > 5000
    studio.engine.execute(StopPlay(LEG))
    studio.run(0.1)
    assert len(studio.of(Played)) == 1


def test_a_prompt_that_must_be_loaded_starts_when_it_is_there() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    sent = tone(700, 0.4)
    studio.prompts.slow["p.wav"] = prompt(sent)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(0.2)
    asyncio.run(studio.tasks.pop())
    studio.run(0.6)
    assert signal_to_noise(phone.heard(), sent) > 35
    assert studio.of(Played) == [Played(LEG, "p", 400, True)]


def test_a_prompt_that_cannot_be_read_is_told_with_the_reason() -> None:
    studio = Studio()
    studio.phone("leg")
    studio.prompts.slow["p.wav"] = PromptError("p.wav", "not a WAV file")
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    asyncio.run(studio.tasks.pop())
    assert studio.of(Played) == [Played(LEG, "p", 0, False, "p.wav: not a WAV file")]


@pytest.mark.parametrize("outcome", [prompt(tone(700, 0.1)), PromptError("p.wav", "gone")])
def test_a_prompt_loaded_after_the_leg_has_gone_is_told_once_and_heard_by_nobody(outcome: object) -> None:
    studio = Studio()
    studio.phone("leg")
    studio.prompts.slow["p.wav"] = outcome
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.engine.execute(Release(LEG))
    other = studio.phone("leg")
    asyncio.run(studio.tasks.pop())
    studio.run(0.3)
    assert studio.of(Played) == [Played(LEG, "p", 0, False)]
    assert (other.heard() == 0).all()


def test_prompts_beyond_the_queue_are_refused() -> None:
    studio = Studio(limits={"play_queue": 2})
    studio.phone("leg")
    for play in ("a", "b", "c"):
        studio.engine.execute(Tone(LEG, play, (440.0,), ()))
    assert [(played.play, bool(played.error)) for played in studio.of(Played)] == [("c", True)]


def test_a_tone_keeps_its_cadence_until_it_is_stopped() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Tone(LEG, "ring", (440.0, 480.0), ((0.2, 0.3),)))
    studio.run(2.02)
    level = np.abs(phone.heard().reshape(-1, 160).astype(int)).max(axis=1)
    assert 0.36 <= (level > 500).mean() <= 0.46
    studio.engine.execute(StopPlay(LEG, "ring"))
    studio.run(0.1)
    assert studio.of(Played)[0].play == "ring"


def test_a_prompt_halts_the_agent_and_not_the_other_way_round() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.agents.said = np.full(160, 4000, np.int16)
    studio.engine.execute(AttachAgent(LEG, SPEC, "c", "a"))
    studio.prompts.store["p.wav"] = prompt(np.full(3200, -8000, np.int16))
    studio.run(0.2)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(0.6)
    levels = [round(int(value), -3) for value in phone.heard()[80::160]]
    assert levels.count(-8000) == 20
    assert levels[0] == levels[-1] == 4000


def test_pause_seek_and_resume_come_by_the_port() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    sent = tone(700, 2.0)
    studio.prompts.store["p.wav"] = prompt(sent)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(0.5)
    studio.engine.execute(PausePlay(LEG, True))
    studio.run(0.5)
    assert not phone.heard()[-2_400:].any()
    studio.engine.execute(SeekPlay(LEG, 1_500, play="p"))
    studio.engine.execute(PausePlay(LEG, False))
    studio.run(1.0)
    (told,) = studio.of(Played)
    assert told.finished and 960 <= told.milliseconds <= 1_040


def test_many_legs_hear_one_prompt_each_from_its_own_beginning_to_its_end() -> None:
    studio = Studio()
    sent = tone(700, 0.5)
    studio.prompts.store["p.wav"] = prompt(sent)
    phones = [studio.phone(f"leg{number}") for number in range(16)]
    for phone in phones:
        studio.engine.execute(Play(phone.leg, "p", "p.wav"))
        studio.run(0.02)
    studio.run(1.0)
    assert sorted(studio.of(Played), key=lambda told: int(told.leg[3:])) == [
        Played(phone.leg, "p", 500, True) for phone in phones
    ]
    for phone in phones:
        assert signal_to_noise(phone.heard(), sent) > 35

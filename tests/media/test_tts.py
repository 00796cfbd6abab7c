import asyncio
import os
import signal
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from config.schema import MediaLimits
from media.tts import Speaker, SpeechError


def child_of(speaker: Speaker) -> int:
    assert speaker._child is not None
    return speaker._child.pid


async def test_speaks_in_several_languages_and_voices() -> None:
    async with Speaker() as speaker:
        for text, voice in (("Hello there", "en-us"), ("Guten Tag", "de+f2"), ("Добрый день", "ru")):
            speech = await speaker.speak(text, voice)
            assert speech.sample_rate == 22050 and 300 < speech.milliseconds < 3000
            assert np.abs(np.frombuffer(speech.pcm, "<i2").astype(int)).max() > 5000


async def test_slower_speech_takes_longer() -> None:
    async with Speaker() as speaker:
        slow = await speaker.speak("one two three four", words_per_minute=100)
        fast = await speaker.speak("one two three four", words_per_minute=300)
    assert slow.milliseconds > 1.5 * fast.milliseconds


async def test_concurrent_requests_get_their_own_answers() -> None:
    texts = ["yes", "please hold the line, somebody will be with you soon", "no", "goodbye"] * 3
    async with Speaker() as speaker:
        alone = [(await speaker.speak(text)).pcm for text in texts]
        together = await asyncio.gather(*(speaker.speak(text) for text in texts))
    lengths = [len(pcm) for pcm in alone]
    assert [abs(len(speech.pcm) - length) < 4000 for speech, length in zip(together, lengths, strict=True)]


async def test_an_unknown_voice_is_refused_and_the_child_goes_on() -> None:
    async with Speaker() as speaker:
        await speaker.speak("hello")
        child = child_of(speaker)
        for voice in ("xx", "../../etc/passwd", "", "en us"):
            with pytest.raises(SpeechError, match="no voice named"):
                await speaker.speak("hello", voice)
        await speaker.speak("hello")
        assert child_of(speaker) == child


async def test_a_killed_child_is_replaced() -> None:
    async with Speaker() as speaker:
        await speaker.speak("hello")
        first = child_of(speaker)
        os.kill(first, signal.SIGKILL)
        assert (await speaker.speak("hello")).pcm
        assert child_of(speaker) != first


async def test_a_child_that_always_dies_is_an_error_not_a_loop() -> None:
    async with Speaker(command=(sys.executable, "-c", "")) as speaker:
        with pytest.raises(SpeechError, match="died twice"):
            await speaker.speak("hello")


async def test_a_child_that_never_answers_costs_the_deadline_only() -> None:
    mute = (sys.executable, "-c", "import sys; sys.stdin.read()")
    async with Speaker(MediaLimits(speech_deadline=0.2), command=mute) as speaker:
        with pytest.raises(SpeechError, match=r"within 0\.2 s"):
            await speaker.speak("hello")


async def test_the_queue_and_the_text_are_bounded() -> None:
    async with Speaker(MediaLimits(speech_queue=2, speech_characters=20)) as speaker:
        with pytest.raises(SpeechError, match="longer than 20"):
            await speaker.speak("x" * 21)
        answers = await asyncio.gather(*(speaker.speak("hello") for _ in range(5)), return_exceptions=True)
        assert [isinstance(answer, SpeechError) for answer in answers] == [False, False, True, True, True]


async def test_saves_a_wav_that_is_complete(tmp_path: Path) -> None:
    async with Speaker() as speaker:
        await speaker.save(tmp_path / "hello.wav", "hello")
        with wave.open(str(tmp_path / "hello.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
            assert file.getnframes() > 5000
        assert os.listdir(tmp_path) == ["hello.wav"]
        with pytest.raises(SpeechError, match="cannot write"):
            await speaker.save(tmp_path / "no" / "such" / "folder.wav", "hello")


async def test_without_the_package_the_error_names_it() -> None:
    hidden = "import sys; sys.modules['espeakng_loader'] = None; from media import espeak; espeak.main()"
    async with Speaker(command=(sys.executable, "-c", hidden)) as speaker:
        with pytest.raises(SpeechError, match="pip install espeakng-loader"):
            await speaker.speak("hello")


async def test_the_child_ends_when_its_stdin_closes() -> None:
    speaker = Speaker()
    await speaker.speak("hello")
    child = speaker._child
    await speaker.close()
    assert child is not None and child.returncode == 0

"""Who listens to a leg: concealment, voice activity, agents, recordings."""

import wave
from pathlib import Path

import numpy as np

from media.port import (
    AgentSpec,
    AttachAgent,
    Detach,
    Digit,
    Echo,
    LegId,
    Record,
    Recorded,
    Release,
    Released,
    SpeechStarted,
    SpeechStopped,
    StopRecord,
)
from tests.support.phone import PCMA, Phone, Studio, signal_to_noise, tone

SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


def buzz(seconds: float) -> np.ndarray:
    """Harmonics of 120 Hz whose level swings as syllables do: near enough to a voice."""
    time = np.arange(int(seconds * 8000)) / 8000
    pitch = 2 * np.pi * np.cumsum(120 + 15 * np.sin(2 * np.pi * 2.5 * time)) / 8000
    voice = sum(np.sin(k * pitch) / k for k in range(1, 14))
    formant = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    return (6000 * voice * formant).astype(np.int16)


def attached(studio: Studio, **more: object) -> Phone:
    phone = studio.phone("leg", **more)  # type: ignore[arg-type]
    studio.engine.execute(AttachAgent(phone.leg, SPEC, "call", "account"))
    return phone


def test_an_agent_hears_every_frame_from_the_start_as_pcm_and_ulaw() -> None:
    studio = Studio()
    phone = attached(studio, law=PCMA)
    sent = tone(600, 0.5)
    studio.run(0.2)
    phone.say(sent)
    studio.run(0.8)
    heard = np.concatenate([pcm[0] for _, pcm, _ in studio.agents.heard])
    assert 48 <= len(heard) // 160 <= 51, "silence too, so that the agent's clock runs"
    assert (heard[:1600] == heard[0]).all() and abs(int(heard[0])) <= 8
    assert signal_to_noise(heard, sent) > 35
    from media.codec.g711 import decode_ulaw

    companded = np.concatenate([ulaw[0] for _, _, ulaw in studio.agents.heard])
    assert signal_to_noise(decode_ulaw(companded), sent) > 30


def test_a_detached_agent_hears_nothing_more() -> None:
    studio = Studio()
    phone = attached(studio)
    studio.run(0.2)
    studio.engine.execute(Detach(phone.leg))
    count = len(studio.agents.heard)
    studio.run(0.2)
    assert len(studio.agents.heard) == count
    assert [told[0] for told in studio.agents.told] == ["attach", "detach"]


def test_an_agent_is_told_of_keys() -> None:
    studio = Studio()
    phone = attached(studio)
    phone.send(b"\x07\x8a\x03\x20", payload_type=101)
    studio.run(0.1)
    assert ("digit", 0, "7") in studio.agents.told and len(studio.of(Digit)) == 1


def test_a_lost_frame_is_concealed_and_counted() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    sent = tone(400, 2.0)
    phone.say(sent)
    studio.run(0.5)
    for _ in range(4):
        phone.script.pop(0)
        phone.sequence += 1
        phone.timestamp += 160
        studio.run(0.2)
    studio.run(1.0)
    # A steady tone goes on through the hole.
    frames = phone.heard().astype(float).reshape(-1, 160)
    level = np.sqrt((frames**2).mean(axis=1))
    first, last = np.flatnonzero(level > 4000)[[0, -1]]
    assert (level[first + 1 : last] > 4000).all()
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.lost == 4 and 4 <= stats.concealed <= 20


def test_speech_is_told_with_the_arrival_of_its_first_frame() -> None:
    studio = Studio()
    phone = studio.phone("leg", vad=True)
    phone.say(np.zeros(8000, np.int16))
    phone.say(buzz(1.5))
    phone.say(np.zeros(16_000, np.int16))
    began = phone.next_at + 1.0
    studio.run(4.5)
    started, stopped = studio.of(SpeechStarted), studio.of(SpeechStopped)
    assert len(started) == len(stopped) == 1
    assert -0.02 <= started[0].at - began <= 0.25
    assert 0.3 <= stopped[0].at - began - 1.5 <= 1.2


def test_speech_is_told_to_the_agent_in_slots() -> None:
    studio = Studio()
    phone = attached(studio)
    phone.say(buzz(1.5))
    studio.run(1.0)
    assert ("speech", [0], []) in studio.agents.told


def test_without_vad_and_agent_nobody_looks_for_speech() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(buzz(1.0))
    studio.run(1.2)
    assert studio.of(SpeechStarted) == []


def test_a_recording_has_the_time_line_of_the_leg_silence_included(tmp_path: Path) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    path = str(tmp_path / "a.wav")
    studio.engine.execute(Record(phone.leg, path))
    sent = tone(500, 1.0)
    studio.run(1.0)
    phone.say(sent)
    studio.run(3.0)
    studio.engine.execute(StopRecord(phone.leg))
    studio.engine.close()
    told = studio.of(Recorded)
    assert len(told) == 1 and told[0].path == path and told[0].error == ""
    assert abs(told[0].milliseconds - 4000) <= 40
    with wave.open(path) as file:
        heard = np.frombuffer(file.readframes(1 << 20), np.int16)
    assert len(heard) == told[0].milliseconds * 8
    assert signal_to_noise(heard, sent) > 30
    assert (heard[:7500] == 0).all() and (heard[-8000:] == 0).all()


def test_a_release_completes_the_recording(tmp_path: Path) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Record(LegId("leg"), str(tmp_path / "a.wav")))
    studio.run(0.5)
    studio.engine.execute(Release(phone.leg))
    studio.engine.close()
    assert 460 <= studio.of(Recorded)[0].milliseconds <= 520


def test_a_peer_that_asks_for_comfort_noise_is_heard_as_a_quiet_room() -> None:
    """RFC 3389 §3: payload type 13, the level in the first byte."""
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    phone.say(tone(400, 0.2))
    studio.run(0.3)
    phone.send(b"\x2d", payload_type=13)
    studio.run(0.2)
    phone.received.clear()
    studio.run(0.5)
    heard = phone.heard().astype(float)
    assert abs(20 * np.log10(np.sqrt(np.mean(heard**2)) / 32_768) + 45) < 2
    phone.received.clear()
    phone.timestamp += 8000
    phone.say(tone(400, 0.4))
    studio.run(0.5)
    assert np.abs(phone.heard()[1600:3000].astype(int)).max() > 8000, "and is itself again"

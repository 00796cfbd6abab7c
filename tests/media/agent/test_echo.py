"""The own-echo guard; complaint 3: the agent interrupts itself over a speakerphone."""

import numpy as np
from numpy.typing import NDArray

from media.agent.echo import AGAIN, SURE, EchoGuard, explained
from tests.support.utterance import utterances

ROW = np.array([0], np.int32)
Signal = NDArray[np.float64]


def talk(seed: int, samples: int) -> Signal:
    joined = np.concatenate([spoken.signal for spoken in utterances(12, seed)])
    joined = np.tile(joined, samples // len(joined) + 1)[:samples]
    return np.asarray(joined * 3000.0 / np.sqrt(np.mean(np.square(joined))))


def echo_of(sent: Signal, delay_ms: int, gain: float) -> Signal:
    """Through a room of 60 ms and back over a line with noise."""
    random = np.random.default_rng(7)
    room = random.normal(size=480) * np.exp(-np.arange(480) / 70.0) * 0.3
    room[0] = 1.0
    late = np.concatenate((np.zeros(delay_ms * 8), np.convolve(sent, room)))[: len(sent)]
    return np.asarray(late * gain + random.normal(size=len(sent)) * 15.0)


def run(guard: EchoGuard, sent: Signal, heard: Signal) -> list[int]:
    """All of both, a frame a tick; returns the ticks at which somebody else was found."""
    found = []
    for tick in range(len(sent) // 160):
        part = slice(tick * 160, tick * 160 + 160)
        guard.sent(ROW, sent[part].astype(np.int16)[None])
        if guard.heard(ROW, heard[part].astype(np.int16)[None]):
            found.append(tick)
    return found


def test_the_agents_own_voice_is_an_echo_at_any_delay() -> None:
    sent = talk(1, 16_000)
    for delay in (30, 120, 300):
        guard = EchoGuard(1)
        run(guard, sent, echo_of(sent, delay, 0.1))
        assert guard.suspects(0) and guard.watches(0)


def test_a_caller_who_speaks_over_the_agent_is_somebody() -> None:
    sent, said = talk(1, 16_000), talk(2, 16_000)
    guard = EchoGuard(1)
    run(guard, sent, said + echo_of(sent, 120, 0.1))
    assert not guard.suspects(0) and not guard.watches(0)


def test_a_caller_who_begins_during_the_echo_is_noticed() -> None:
    sent = talk(1, 32_000)
    echo = echo_of(sent, 120, 0.1)
    guard = EchoGuard(1)
    run(guard, sent[:16_000], echo[:16_000])
    assert guard.suspects(0)
    found = run(guard, sent[16_000:], echo[16_000:] + talk(2, 16_000))
    assert found and found[0] <= 20 + SURE * AGAIN and not guard.watches(0)


def test_speech_that_was_all_echo_is_forgotten() -> None:
    sent = talk(1, 16_000)
    guard = EchoGuard(1)
    run(guard, sent, echo_of(sent, 120, 0.1))
    guard.suspects(0)
    guard.forget(0)
    assert not guard.watches(0)
    guard.suspects(0)
    guard.reset(0)
    assert not guard.watches(0)


def test_wideband_legs_are_judged_alike() -> None:
    sent = talk(1, 16_000)
    echo = echo_of(sent, 60, 0.2)
    guard = EchoGuard(1)
    for tick in range(100):
        part = slice(tick * 160, tick * 160 + 160)
        guard.sent(ROW, np.repeat(sent[part], 2).astype(np.int16)[None])
        guard.heard(ROW, echo[part].astype(np.int16)[None])
    assert guard.suspects(0)


def test_noise_is_explained_by_nothing() -> None:
    random = np.random.default_rng(1)
    heard, sent = random.normal(size=1200), random.normal(size=2800)
    assert explained(heard.astype(np.float32), sent.astype(np.float32)) < 0.2

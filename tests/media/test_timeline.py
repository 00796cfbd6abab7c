"""Two tracks on one clock: aligned to the sample, no more than a frame apart after an hour, no click."""

import numpy as np
from numpy.typing import NDArray

from media.timeline import Timeline

Samples = NDArray[np.int16]


def tone(start: float, frequency: float = 300.0) -> Samples:
    """One frame of a tone that runs on. Args: start: in samples."""
    time = start + np.arange(160)
    return (9_000 * np.sin(2 * np.pi * frequency / 8000 * time)).astype(np.int16)


def channels(data: bytes) -> tuple[Samples, Samples]:
    pairs = np.frombuffer(data, np.int16).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def test_each_frame_lies_where_it_was_heard_to_the_sample() -> None:
    timeline = Timeline(10.0)
    for number in range(100):
        at = 10.0 + number * 0.020
        timeline.hear(np.full(160, number + 1, np.int16), at + 0.005)
        timeline.send(np.full(160, -number - 1, np.int16), at + 0.015)
    left, right = channels(timeline.take(all=True))
    assert not left[:40].any() and left[40] == 1 and left[200] == 2
    assert not right[:120].any() and right[120] == -1 and right[280] == -2


def test_frames_of_16_khz_lie_at_their_samples_too() -> None:
    timeline = Timeline(10.0)
    timeline.settle(16_000)
    for number in range(60):
        at = 10.0 + number * 0.020
        timeline.hear(np.full(320, number + 1, np.int16), at + 0.005)
        timeline.send(np.full(320, -number - 1, np.int16), at + 0.015)
    data = timeline.take()
    left, right = channels(data + timeline.take(all=True))
    assert data and not left[:80].any() and left[80] == 1 and left[400] == 2
    assert not right[:240].any() and right[240] == -1 and right[560] == -2


def test_pieces_are_handed_on_as_they_are_complete() -> None:
    timeline, data = Timeline(0.0), b""
    for number in range(500):
        timeline.hear(tone(number * 160), number * 0.020)
        timeline.send(tone(number * 160, 500.0), number * 0.020 + 0.01)
        piece = timeline.take()
        assert len(piece) in range(0, 40_000)
        data += piece
    data += timeline.take(all=True)
    left, _ = channels(data)
    assert len(left) == 500 * 160 + 80
    assert np.array_equal(left[:16_000], np.concatenate([tone(n * 160) for n in range(100)]))


def test_an_hour_of_clocks_200_ppm_apart_leaves_the_channels_within_a_frame() -> None:
    timeline, taken = Timeline(0.0), 0
    heard = sent = 0.0
    frame = tone(0)
    for _ in range(2 * 180_000):
        if heard <= sent:
            timeline.hear(frame, heard)
            assert -160 <= timeline._heard.placed - 160 - heard * 8000 <= 160
            heard += 0.020 * (1 + 200e-6)
        else:
            timeline.send(frame, sent)
            assert -160 <= timeline._sent.placed - 160 - sent * 8000 <= 160
            sent += 0.020 * (1 - 200e-6)
        taken += len(timeline.take()) // 4
    apart = abs(timeline._heard.placed - timeline._sent.placed)
    assert apart <= 320 and taken > 3_595 * 8000


def test_corrections_of_drift_do_not_click() -> None:
    """A click of this tone would step by up to 18,000; the tone itself steps by 2,120."""
    for drift in (0.003, -0.003):
        timeline, at = Timeline(0.0), 0.0
        for number in range(1_000):
            timeline.hear(tone(number * 160), at)
            at += 0.020 * (1 + drift)
        left, _ = channels(timeline.take(all=True))
        assert abs(len(left) - at * 8000) <= 320
        assert np.abs(np.diff(left.astype(int))).max() < 4_300


def test_what_is_not_sent_is_silent_and_comes_back_at_its_place() -> None:
    timeline = Timeline(0.0)
    data = b""
    for number in range(400):
        timeline.hear(tone(number * 160), number * 0.020)
        if not 100 <= number < 300:
            timeline.send(tone(number * 160, 500.0), number * 0.020)
        data += timeline.take()
    left, right = channels(data + timeline.take(all=True))
    assert len(left) == len(right) == 64_000
    assert not right[101 * 160 : 300 * 160].any() and np.abs(right[301 * 160 :]).max() > 8_000
    assert np.array_equal(right[302 * 160 : 303 * 160], tone(302 * 160, 500.0))
    assert np.abs(np.diff(right.astype(int))).max() < 6_000


def test_a_pause_is_silence_of_its_length_without_a_click() -> None:
    timeline = Timeline(0.0)
    for number in range(300):
        timeline.paused = 100 <= number < 200
        for put in (timeline.hear, timeline.send):
            put(tone(number * 160), number * 0.020)
    left, right = channels(timeline.take(all=True))
    assert len(left) == 48_000
    for channel in (left, right):
        assert not channel[101 * 160 : 200 * 160].any() and channel[202 * 160 :].any()
        assert np.abs(np.diff(channel.astype(int))).max() < 2_400


def test_another_leg_goes_on_with_the_sides_kept() -> None:
    timeline = Timeline(0.0)
    for number in range(100):
        if number == 50:
            timeline.swap()
        timeline.hear(np.full(160, 1_000, np.int16), number * 0.020)
        timeline.send(np.full(160, -1_000, np.int16), number * 0.020)
    left, right = channels(timeline.take(all=True))
    assert left[7_000] == 1_000 and left[9_000] == -1_000 and right[9_000] == 1_000

"""Tones by country, each one that our generator can make, by frequency and cadence."""

import numpy as np
import pytest

from edge.tone import COUNTRIES, SPECIAL, Sounded, Tones, tones
from media.dsp.tone import cadence

NAMES = ("ringback", "busy", "congestion", "intercept")


def bursts(tone: Sounded) -> list[tuple[float, float, list[int]]]:
    """Of one round as it sounds: (on, off) [s] and the frequencies [Hz] of its peaks within 6 dB."""
    signal = cadence(*tone).reshape(-1).astype(float)
    found = []
    start = 0.0
    for on, off in tone[1]:
        sound = signal[round(start) : round(start + on * 8000)]
        strong = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 80_000))  # a tenth of a Hz
        peaks = [
            at
            for at in range(100, len(strong) - 100)
            if strong[at] == strong[at - 100 : at + 101].max() > strong.max() / 2
        ]
        heard = np.flatnonzero(np.abs(sound) > 30)
        after = signal[round(start + on * 8000) + 1 : round(start + (on + off) * 8000) - 1]
        assert not np.abs(after).max(initial=0) > 0, "the pause is silent"
        found.append(((heard[-1] - heard[0] + 1) / 8000, off, [round(at / 10) for at in peaks]))
        start += (on + off) * 8000
    return found


def test_callers_hear_the_ringback_of_their_country() -> None:
    assert tones("us").ringback[:2] == ((440.0, 480.0), ((2.0, 4.0),))
    assert tones("gb").ringback[1] == ((0.4, 0.2), (0.4, 2.0))
    assert tones("de").ringback[:2] == ((425.0,), ((1.0, 4.0),))
    assert tones("zz") == tones("us")


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_tone_sounds_and_pauses(country: str) -> None:
    for name in NAMES:
        tone: Sounded = getattr(tones(country), name)
        frames = cadence(*tone)
        loud = frames.astype(float).std(axis=1) > 500
        assert loud.any() and not loud.all()
        assert abs(len(frames) * 0.02 - sum(on + off for on, off in tone[1])) < 0.021


@pytest.mark.parametrize(
    ("country", "name", "hertz", "rhythm"),
    [  # ITU-T E.180, Supplement 2
        ("us", "busy", [480, 620], [(0.5, 0.5)]),
        ("us", "congestion", [480, 620], [(0.25, 0.25)]),
        ("gb", "ringback", [400, 450], [(0.4, 0.2), (0.4, 2.0)]),
        ("gb", "busy", [400], [(0.375, 0.375)]),
        ("gb", "congestion", [400], [(0.4, 0.35), (0.225, 0.525)]),
        ("de", "ringback", [425], [(1.0, 4.0)]),
        ("de", "busy", [425], [(0.48, 0.48)]),
        ("de", "congestion", [425], [(0.24, 0.24)]),
        ("cz", "busy", [425], [(0.33, 0.33)]),
        ("cz", "congestion", [425], [(0.165, 0.165)]),
        ("sk", "busy", [425], [(0.33, 0.33)]),
        ("ro", "ringback", [450], [(1.85, 4.15)]),
        ("ro", "busy", [450], [(0.167, 0.167)]),
        ("ro", "congestion", [450], [(0.5, 0.5)]),
        ("fi", "busy", [425], [(0.3, 0.3)]),
        ("gr", "busy", [425], [(0.3, 0.3)]),
        ("gr", "congestion", [425], [(0.2, 0.2)]),
        ("hu", "ringback", [425], [(1.25, 3.75)]),
        ("hu", "congestion", [425], [(0.3, 0.3)]),
        ("pl", "congestion", [425], [(0.5, 0.5)]),
        ("pt", "ringback", [425], [(1.0, 5.0)]),
        ("tr", "ringback", [450], [(2.0, 4.0)]),
        ("tr", "congestion", [450], [(0.2, 0.2), (0.2, 0.2), (0.2, 0.2), (0.6, 0.2)]),
        ("at", "ringback", [420], [(1.0, 5.0)]),
        ("be", "congestion", [425], [(0.167, 0.167)]),
        ("jp", "ringback", [400], [(1.0, 2.0)]),
        ("cn", "congestion", [450], [(0.7, 0.7)]),
        ("fr", "ringback", [440], [(1.5, 3.5)]),
        ("fr", "busy", [440], [(0.5, 0.5)]),
        ("au", "busy", [425], [(0.375, 0.375)]),
        ("jp", "ringback", [400], [(1.0, 2.0)]),
        ("jp", "busy", [400], [(0.5, 0.5)]),
        ("it", "busy", [425], [(0.5, 0.5)]),
        ("it", "congestion", [425], [(0.2, 0.2)]),
        ("pl", "busy", [425], [(0.5, 0.5)]),
    ],
)
def test_tones_have_the_frequencies_and_the_rhythm_of_their_country(
    country: str, name: str, hertz: list[int], rhythm: list[tuple[float, float]]
) -> None:
    found = bursts(getattr(tones(country), name))
    assert [heard for _, _, heard in found] == [hertz] * len(rhythm)
    for (on, off, _), (sounding, silent) in zip(found, rhythm, strict=True):
        assert abs(on - sounding) < 0.01 and off == silent


def test_special_information_goes_up_in_three_steps() -> None:
    """ITU-T E.180 §7."""
    found = bursts(SPECIAL)
    assert [heard for _, _, heard in found] == [[950], [1400], [1800]]
    assert [round(on, 2) for on, _, _ in found] == [0.33] * 3 and found[-1][1] == 1.0


def test_each_cause_has_its_tone() -> None:
    us: Tones = tones("us")
    assert us.of_cause("busy") is us.busy and us.of_cause("normal") is us.busy
    assert us.of_cause("congestion") is us.of_cause("unavailable") is us.of_cause("declined") is us.congestion
    assert us.of_cause("not_found") is us.intercept

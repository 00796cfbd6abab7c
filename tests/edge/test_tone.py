"""Tones by country, each one that our generator can make."""

import pytest

from edge.tone import COUNTRIES, tones
from media.dsp.tone import cadence


def test_callers_hear_the_ringback_of_their_country() -> None:
    assert tones("us").ringback == ((440.0, 480.0), ((2.0, 4.0),))
    assert tones("gb").ringback[1] == ((0.4, 0.2), (0.4, 2.0))
    assert tones("de").ringback == ((425.0,), ((1.0, 4.0),))
    assert tones("zz") == tones("us")


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_tone_sounds_and_pauses(country: str) -> None:
    for frequencies, pattern in (tones(country).ringback, tones(country).congestion):
        frames = cadence(frequencies, pattern)
        loud = frames.astype(float).std(axis=1) > 500
        assert loud.any() and not loud.all()
        assert abs(len(frames) * 0.02 - sum(on + off for on, off in pattern)) < 0.021

"""Comfort noise (RFC 3389)."""

import numpy as np
import pytest

from media.dsp.comfort import amplitude, comfort


@pytest.mark.parametrize("level", [30, 50, 70])
def test_the_noise_has_the_level_that_was_asked_for(level: int) -> None:
    """§3: the first byte is the level in -dBov."""
    slots, rms = np.array([3]), np.array([amplitude(memoryview(bytes((level, 1, 2))))])
    heard = np.concatenate([comfort(slots, rms, turn)[0] for turn in range(100)]).astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(heard**2)) / 32_768) == pytest.approx(-level, abs=0.7)


def test_two_legs_and_two_frames_sound_different() -> None:
    first, second = comfort(np.array([0, 1]), np.array([100.0, 100.0]), 0)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.4
    assert (comfort(np.array([0]), np.array([100.0]), 1)[0] != first).any()


def test_an_empty_packet_asks_for_nothing_and_a_loud_one_is_tamed() -> None:
    assert amplitude(memoryview(b"")) == 0.0
    assert amplitude(memoryview(b"\x00")) == pytest.approx(3276.8)

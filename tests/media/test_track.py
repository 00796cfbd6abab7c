"""Prompts as the tick takes them."""

import numpy as np
import pytest

from media.codec.g711 import LINEAR_TO_ULAW, ULAW_TO_LINEAR
from media.codec.table import ULAW
from media.track import Track


def track(pcm: np.ndarray, samples: int | None = None) -> Track:
    return Track((LINEAR_TO_ULAW[pcm.view(np.uint16)],), len(pcm) if samples is None else samples)


def test_every_sample_has_its_frame() -> None:
    pcm = np.arange(480, dtype=np.int16) * 50
    made = track(pcm)
    assert made.windows[ULAW].shape == (321, 160) and made.last_plain(loop=False) == 160
    for at in (0, 1, 320):
        assert (made.windows[ULAW][at] == made.frame(ULAW, at, loop=False)).all()


def test_nothing_is_left_behind_the_end() -> None:
    made = track(np.full(160, 5000, np.int16))
    assert not ULAW_TO_LINEAR[made.frame(ULAW, 160, loop=False)].any()
    assert made.clamp(999, loop=False) == 160 and made.clamp(-1, loop=False) == 0
    assert track(np.empty(0, np.int16)).windows[ULAW].shape == (0, 160)


def test_a_short_loop_goes_round_within_a_frame() -> None:
    made = track(np.repeat(np.array([1000, 9000], np.int16), 80), 100)
    at, values = 0, []
    for _ in range(5):
        values.append(ULAW_TO_LINEAR[made.frame(ULAW, at, loop=True)])
        at = made.after(at, loop=True)
    whole = np.concatenate(values)
    assert [int((whole[start : start + 100] > 5000).sum()) for start in range(0, 800, 100)] == [20] * 8


def test_a_loop_that_fits_is_left_as_it_is() -> None:
    pcm = np.rint(9000 * np.sin(np.arange(800) * 2 * np.pi / 40)).astype(np.int16)
    made, at, frames = track(pcm), 0, []
    for _ in range(12):
        frames.append(made.frame(ULAW, at, loop=True))
        at = made.after(at, loop=True)
    assert (np.concatenate(frames) == np.resize(LINEAR_TO_ULAW[pcm.view(np.uint16)], 12 * 160)).all()


def fine(samples: int) -> tuple[Track, np.ndarray]:
    """A track of 200 Hz at both rates."""
    pcm = np.rint(8000 * np.sin(2 * np.pi * 200 * np.arange(2 * samples) / 16_000)).astype(np.int16)
    bits = pcm[::2].copy().view(np.uint16)
    return Track((LINEAR_TO_ULAW[bits],), samples, pcm), pcm


def test_a_fine_track_has_twice_the_samples_at_the_same_places() -> None:
    made, pcm = fine(480)
    assert made.is_fine and not track(pcm[::2].copy()).is_fine
    assert (made.fine(160, loop=False) == pcm[320:640]).all()
    assert not made.fine(480, loop=False).any() and len(made.fine(480, loop=False)) == 320


@pytest.mark.parametrize("samples", [100, 1_000, 1_613])
def test_a_fine_loop_goes_round_without_a_click(samples: int) -> None:
    made, _ = fine(-(-samples // 160) * 160)
    made.samples = samples
    at, frames = 0, []
    for _ in range(50):
        frames.append(made.fine(at, loop=True))
        at = made.after(at, loop=True)
    heard = np.concatenate(frames).astype(int)
    assert len(heard) == 50 * 320
    assert samples == 100 or np.abs(np.diff(heard)).max() < 8000 * 2 * np.pi * 200 / 16_000 * 1.6

"""Prompts as the tick takes them."""

import numpy as np

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

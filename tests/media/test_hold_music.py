"""The loop of held callers, by ear made number."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from media import hold_music, wav
from media.hold_music import RATE, melody, save


def test_it_is_soft_never_clips_and_has_no_click_where_it_begins_again() -> None:
    loop = melody().astype(float)
    assert len(loop) == 16 * RATE and len(loop) % 160 == 0
    assert 500 < np.sqrt(np.mean(loop**2)) < 6_000 and np.abs(loop).max() < 16_000
    steps = np.abs(np.diff(np.concatenate([loop, loop[:1]])))
    assert steps[-1] <= steps[:-1].max()


def test_two_who_write_it_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """A reload begins anew while the thread of before still writes."""
    first = True

    def interrupted() -> NDArray[np.int16]:
        nonlocal first
        if first:
            first = False
            save(tmp_path / "hold.wav")
        return melody()

    with patch.object(hold_music, "melody", interrupted):
        save(tmp_path / "hold.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["hold.wav"]


def test_it_is_a_wav_that_the_engine_plays(tmp_path: Path) -> None:
    save(tmp_path / "prompts" / "hold.wav")
    with (tmp_path / "prompts" / "hold.wav").open("rb") as file:
        parsed = wav.parse(file)
    assert isinstance(parsed, wav.Wav) and parsed.seconds == 16.0

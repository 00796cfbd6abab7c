import numpy as np
import pytest

from media.dsp.level import SILENCE_DBOV, dbov, mean_squares


def level(*rows: np.ndarray) -> list[float]:
    return dbov(mean_squares(np.stack(rows))).tolist()


def test_a_full_scale_square_wave_is_0_dbov_and_a_sine_3_below() -> None:
    """ITU-T G.100.1."""
    square = np.where(np.arange(160) % 2, -32768, 32767).astype(np.int16)
    sine = (32767 * np.sin(np.arange(160) * np.pi / 8)).astype(np.int16)
    assert level(square, sine, sine // 10) == pytest.approx([0.0, -3.01, -23.01], abs=0.02)


def test_digital_silence_has_the_least_level() -> None:
    assert level(np.zeros(160, np.int16)) == pytest.approx([SILENCE_DBOV])


def test_no_rows_have_no_level() -> None:
    assert len(dbov(mean_squares(np.empty((0, 160), np.int16)))) == 0

import numpy as np

from media.columns import LONG_GAP, NEVER, LegColumns


def test_a_reset_slot_is_as_new_and_its_neighbours_are_untouched() -> None:
    fresh, used = LegColumns(3), LegColumns(3)
    for column in vars(used).values():
        column[:] = 1
    used.reset(1)
    for name, column in vars(used).items():
        assert column[1] == vars(fresh)[name][1], name
        assert column[0] == column[2] == 1


def test_a_new_slot_expects_nothing_hears_nobody_and_is_in_a_long_gap() -> None:
    columns = LegColumns(2)
    assert columns.expect[0] == NEVER and columns.source[0] == -1 and columns.gap[0] == LONG_GAP


def test_every_column_has_a_row_per_slot() -> None:
    assert all(isinstance(c, np.ndarray) and c.shape == (5,) for c in vars(LegColumns(5)).values())

import numpy as np

from media.columns import LONG_GAP, NEVER, Flag, LegColumns


def columns_of(columns: LegColumns) -> dict[str, np.ndarray]:
    return {name: column for name, column in vars(columns).items() if not name.startswith("_")}


def test_a_reset_slot_is_as_new_and_its_neighbours_are_untouched() -> None:
    fresh, used = LegColumns(3), LegColumns(3)
    for column in columns_of(used).values():
        column[:] = 1
    used.reset(np.array([1]))
    for name, column in columns_of(used).items():
        assert (column[..., 1] == columns_of(fresh)[name][..., 1]).all(), name
        assert (column[..., [0, 2]] == 1).all()


def test_a_new_slot_expects_nothing_hears_nobody_and_is_in_a_long_gap() -> None:
    columns = LegColumns(2)
    assert columns.expect[0] == NEVER and columns.source[0] == -1 and columns.gap[0] == LONG_GAP


def test_every_column_has_a_row_per_slot() -> None:
    columns = columns_of(LegColumns(5))
    assert columns.pop("flags").shape == (len(Flag), 5)
    assert all(isinstance(column, np.ndarray) and column.shape == (5,) for column in columns.values())


def test_every_flag_is_a_row_of_the_flags() -> None:
    columns = LegColumns(2)
    for flag in Flag:
        column = vars(columns)[flag.name.lower()]
        column[1] = True
        assert columns.flags[flag].tolist() == [False, True]

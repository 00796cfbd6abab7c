from typing import Any

import numpy as np

from media.blank import Blank


class Counters:
    def __init__(self) -> None:
        self.one = np.full(4, 7)
        self.two = np.zeros(4, np.int64)
        self.rings = np.full((4, 3), -1)
        self.flags = np.ones(4, np.bool_)
        self.kept = np.full(4, 5.0)
        self.total = 3
        self.blank = Blank(vars(self), vars(self).keys() - {"kept"})


def test_a_slot_begins_anew_in_every_column_and_its_neighbours_do_not() -> None:
    counters = Counters()
    for column in (counters.one, counters.two, counters.rings, counters.flags, counters.kept):
        column[:] = 0
    counters.blank.reset(np.array([2]))
    assert counters.one.tolist() == [0, 0, 7, 0] and counters.two.tolist() == [0, 0, 0, 0]
    assert counters.rings.tolist() == [[0, 0, 0], [0, 0, 0], [-1, -1, -1], [0, 0, 0]]
    assert counters.flags.tolist() == [False, False, True, False]
    assert counters.kept[2] == 0 and counters.total == 3


def test_columns_stay_what_they_were_and_contiguous() -> None:
    counters = Counters()
    assert counters.one.tolist() == [7] * 4 and counters.two.tolist() == [0] * 4
    assert counters.rings.shape == (4, 3) and counters.flags.dtype == np.bool_
    assert counters.one.flags.c_contiguous and counters.rings.flags.c_contiguous


def test_all_arrays_are_meant_when_none_are_named() -> None:
    columns: dict[str, Any] = {"one": np.arange(3), "two": np.full(3, 9), "word": "x"}
    blank = Blank(columns)
    columns["one"][1] = columns["two"][1] = 4
    blank.reset(np.array([1]))
    assert columns["one"].tolist() == [0, 0, 2] and columns["two"].tolist() == [9, 9, 9]

"""Operators and functions of flows, on values; test_expression.py has whole expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.flow.operator import ARITHMETIC, COMPARISONS, FUNCTIONS, negative, number
from edge.flow.value import NUMBER_MAX, TEXT_MAX, Value

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-NUMBER_MAX, NUMBER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "read"),
    [("12", 12), (" -1.5 ", -1.5), (7, 7), (True, None), ("1e3", None), ("", None), ([], None)],
)
def test_a_number_is_one_or_reads_as_one(value: Value, read: int | float | None) -> None:
    assert number(value) == read and negative(value) == (None if read is None else -read)


@pytest.mark.parametrize(
    ("sign", "left", "right", "made"),
    [
        ("+", "1", "2", "12"),
        ("+", "1", 2, 3),
        ("+", "a", 2, "a2"),
        ("-", "5", "2", 3),
        ("/", 7, 2, 3.5),
        ("/", 8, 2, 4),
        ("/", 1, 0, None),
        ("%", 7, 0, None),
        ("*", NUMBER_MAX, 2, None),
        ("*", "a", 2, None),
        ("==", "07", 7, True),
        ("==", True, 1, False),
        ("<", "10", 9, False),
        ("<", "10", "9", True),
        ("<", None, 1, None),
        ("in", "b", "abc", True),
        ("in", 2, ["1", "2"], True),
        ("in", "a", {"a": None}, True),
        ("in", 1, 11, False),
    ],
)
def test_an_operator_makes_of_two_values(sign: str, left: Value, right: Value, made: Value) -> None:
    found = (ARITHMETIC | COMPARISONS)[sign](left, right)  # type: ignore[operator]
    assert found == made and isinstance(found, bool) is isinstance(made, bool)


@given(VALUES, VALUES)
def test_nothing_raises_and_nothing_grows_without_bound(left: Value, right: Value) -> None:
    for act in (*ARITHMETIC.values(), *COMPARISONS.values()):
        made = act(left, right)
        assert not isinstance(made, str) or len(made) <= TEXT_MAX
        assert isinstance(made, bool) or not isinstance(made, int | float) or abs(made) <= NUMBER_MAX
    for count, function in FUNCTIONS.values():
        function(*(left, right)[:count])

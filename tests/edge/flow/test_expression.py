"""The expression language: what it computes, and that nothing breaks or hangs it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.flow.expression import CHARACTERS_MAX, Expression, ExpressionError

VARIABLES = {"digits": "42", "name": "Ada", "n": 3, "none": None, "answer": {"vip": True, "tags": ["a", "b"]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("8 / 2", 4),
        ("-7 % 5", -7 % 5),
        ("--3", 3),
        ("10 - 2 - 3", 5),
        ("not n == 3", False),
        ("not not n", True),
        ("n == 3 and name == 'Ada' or false", True),
        ('name + " " + n', "Ada 3"),
        ("digits == 42", True),
        ("digits + 1", 43),
        ("digits + '1'", "421"),
        ("digits > 5", True),
        ("'b' > 'a'", True),
        ("answer.vip", True),
        ("answer['tags'][1]", "b"),
        ("answer.tags[-1]", "b"),
        ("'a' in answer.tags", True),
        ("n in [1, 2, 3]", True),
        ("'d' in name", True),
        ("length(name)", 3),
        ("upper(left(name, 1)) + lower(right(name, 2))", "Ada"),
        ("starts(digits, '4') and ends(digits, '2') and contains(digits, '4')", True),
        ("default(none, 'nobody')", "nobody"),
        ("number(' 7 ') + 1", 8),
        ("trim('  x ') + text(1.0)", "x1"),
        ("null == none", True),
        ("true == 1", False),
    ],
)
def test_it_computes_what_it_says(text: str, value: object) -> None:
    assert Expression(text)(VARIABLES) == value


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "name * 2",
        "missing.part",
        "name < 3",
        "answer.tags[9]",
        "n.x",
        "-name",
        "99 * 999999999999999",
    ],
)
def test_what_makes_no_sense_is_null_and_never_raises(text: str) -> None:
    assert Expression(text)(VARIABLES) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a value is missing at the end"),
        ("1 +", "a value is missing at the end"),
        ("1 2", "an operator is missing before '2'"),
        ("(1", ") is missing"),
        ("a b", "operator is missing"),
        ("a $ b", "'$ b' is not understood"),
        ("a = 1", "equal is =="),
        ("a || b", "write or"),
        ("!a", "write not"),
        ("a | upper", "a function is written upper(name)"),
        ("a == 'b", "the quote is not closed"),
        ("eval('x')", "there is no function eval"),
        ("length()", "takes 1 value, not 0"),
        ("a.1", "a name is missing"),
        ("1 < 2 < 3", "operator is missing"),
        ("[1, ", "a value is missing"),
        ("__import__('os')", "no function __import__"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(ExpressionError, match=r"at character \d+") as caught:
        Expression(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["(" * 500, "[" * 500, "1" + "+1" * 450, "x" * (CHARACTERS_MAX + 1), "f(" * 300, "not " * 240 + "1"],
)
def test_size_and_nesting_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)


def test_a_long_chain_is_evaluated_without_deep_recursion_trouble() -> None:
    assert Expression("+".join(["1"] * 100))({}) == 100


def test_the_variables_that_it_reads_are_known() -> None:
    assert Expression("a + length(b.c[d])").names == {"a", "b", "d"}


@given(st.text(alphabet="ab1.'\"()[]+-*/<>=!, notrue\x00é", max_size=60))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    try:
        made = Expression(text)
    except ExpressionError:
        return
    made({"a": "1", "b": [1, {"a": 2}]})


def test_reading_is_linear() -> None:
    start = time.process_time()
    for _ in range(50):
        with pytest.raises(ExpressionError):
            Expression(" " * 900 + "$")
    assert time.process_time() - start < 0.5

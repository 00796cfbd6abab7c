"""How numbers are written for trunks."""

import re

import pytest

from edge.directory import NumberFormat, Rewriting
from edge.trunk.number import written

GERMAN = (Rewriting(re.compile(r"0([1-9]\d{6,12})"), r"49\1"), Rewriting(re.compile(r"00(\d+)"), r"\1"))


@pytest.mark.parametrize(
    ("style", "number", "result"),
    [
        ("as_dialled", "+14155550100", "+14155550100"),
        ("as_dialled", "14155550100", "14155550100"),
        ("plus", "14155550100", "+14155550100"),
        ("plus", "+14155550100", "+14155550100"),
        ("e164", "+14155550100", "14155550100"),
        ("plus", "*43", "*43"),
        ("plus", "anonymous", "anonymous"),
    ],
)
def test_e_164_is_written_with_or_without_plus(style: str, number: str, result: str) -> None:
    assert written(NumberFormat(style), number) == result


@pytest.mark.parametrize(
    ("number", "result"),
    [
        ("0301234567", "+49301234567"),
        ("004930123456", "+4930123456"),
        ("4930123456", "+4930123456"),
        ("0" * 1_000, "0" * 1_000),
    ],
)
def test_the_first_rule_that_matches_comes_before_the_style(number: str, result: str) -> None:
    assert written(NumberFormat("plus", GERMAN), number) == result

"""condition: which way an expression says."""

import pytest
from pydantic import ValidationError

from edge.flow.node.condition import Condition
from tests.support.flow import Walk, node


@pytest.mark.parametrize(("value", "way"), [("1", "true"), ("2", "false"), (None, "false")])
def test_an_expression_is_true_or_false(value: str | None, way: str) -> None:
    text = node("kind: condition\nexpression: 'x == 1'", "true", "false")
    assert Walk(text, {"x": value}).at == way


@pytest.mark.parametrize(("value", "way"), [(5, "some"), (50, "many"), (0, "default")])
def test_the_first_case_that_is_true_wins(value: int, way: str) -> None:
    text = node("kind: condition\ncases: {many: 'x > 10', some: 'x > 0'}", "many", "some", "default")
    assert Walk(text, {"x": value}).at == way


@pytest.mark.parametrize("fields", [{}, {"expression": "x", "cases": {"a": "x"}}])
def test_it_is_an_expression_or_cases(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="an expression or cases"):
        Condition.model_validate(fields)

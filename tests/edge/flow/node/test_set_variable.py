"""setVariable: values by name."""

import pytest
from pydantic import ValidationError

from edge.flow.node.set_variable import SetVariable
from tests.support.flow import Walk, node


def test_a_lone_expression_keeps_its_type_and_a_text_is_text() -> None:
    text = node("kind: setVariable\nvalues: {n: '{{ 1 + 1 }}', t: 'It is {{ n }}'}", "done")
    walk = Walk(text)
    assert walk.variables == {"n": 2, "t": "It is 2"} and walk.at == "done"


def test_one_variable_has_a_short_form() -> None:
    assert Walk(node("kind: set_variable\nvariable: lang\nvalue: de", "done")).variables == {"lang": "de"}


@pytest.mark.parametrize("fields", [{}, {"variable": "x"}, {"value": "x"}, {"values": {"a b": "x"}}])
def test_something_is_set(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SetVariable.model_validate(fields)

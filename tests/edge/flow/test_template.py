"""Texts with expressions."""

import pytest

from edge.flow.expression import ExpressionError
from edge.flow.template import Template
from edge.flow.value import TEXT_MAX


def test_expressions_become_text_in_their_place() -> None:
    template = Template("Hello {{ name }}, number {{ place + 1 }}.")
    assert template.render({"name": "Ada", "place": 2}) == "Hello Ada, number 3."
    assert template.names == {"name", "place"} and not template.is_fixed


def test_a_fixed_text_says_so() -> None:
    assert Template("Goodbye {now}").is_fixed and Template("").render({}) == ""


def test_a_lone_expression_keeps_its_type() -> None:
    assert Template("{{ 1 + 1 }}").value({}) == 2
    assert Template("{{ 1 + 1 }} times").value({}) == "2 times"
    assert Template("{{ missing }}").render({}) == ""


def test_length_is_bounded() -> None:
    assert len(Template("{{ a }}{{ a }}{{ a }}").render({"a": "x" * 3_000})) == TEXT_MAX


def test_a_wrong_expression_is_refused() -> None:
    with pytest.raises(ExpressionError):
        Template("Hello {{ name + }}")
    with pytest.raises(ExpressionError, match="never closed"):
        Template("Hello {{ name }, {{ name }} and {{ name")


def test_what_stands_between_the_expressions_is_known() -> None:
    assert Template("Hello {{ name }}, {you}").bare == "Hello  , {you}"

"""Shared lexical rules (RFC 3261 §25.1)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.grammar import (
    SECONDS_MAX,
    Malformed,
    delta_seconds,
    find_param,
    format_params,
    is_token,
    number,
    one_line,
    parse_params,
    quote,
    split_list,
    unquote,
    without_param,
)


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        ("a", ["a"]),
        (" a ,\tb", ["a", "b"]),
        ("a,,b,", ["a", "b"]),
        ('"x, y" <sip:a>, b', ['"x, y" <sip:a>', "b"]),
        ("<sip:1,2@h>, <sip:b>", ["<sip:1,2@h>", "<sip:b>"]),
        (r'"a \", b", c', [r'"a \", b"', "c"]),
        ('"open, quote', ['"open, quote']),
        ("<open, angle", ["<open, angle"]),
        ('a;b="<,>", c', ['a;b="<,>"', "c"]),
    ],
)
def test_commas_split_only_outside_quotes_and_angles(text: str, elements: list[str]) -> None:
    assert split_list(text) == elements


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", ()),
        (";lr", (("lr", None),)),
        (";tag=", (("tag", ""),)),
        (";TAG=x", (("TAG", "x"),)),
        (" ; a = 1 ;\tb", (("a", "1"), ("b", None))),
        (";tag=abc==", (("tag", "abc=="),)),
        (";a;", (("a", None),)),
        (';+sip.instance="<urn:uuid:1>";q=0.5', (("+sip.instance", '"<urn:uuid:1>"'), ("q", "0.5"))),
        (r';a="x\";y"', (("a", r'"x\";y"'),)),
        (";received=2001:db8::1", (("received", "2001:db8::1"),)),
        (";fromParam''~+*_!.-%=\"работающий\"", (("fromParam''~+*_!.-%", '"работающий"'),)),
    ],
)
def test_parameters_are_read_as_written(text: str, params: tuple[tuple[str, str | None], ...]) -> None:
    assert parse_params(text, "x") == params


@pytest.mark.parametrize("text", ["x", ";", ";;a", ";=x", ";a=1, b", ';a="x', ";a b", ";a=<x>"])
def test_broken_parameters_are_malformed(text: str) -> None:
    if text == ";":
        assert parse_params(text, "x") == ()  # one trailing semicolon is forgiven
        return
    with pytest.raises(Malformed):
        parse_params(text, "x")


def test_blanks_before_a_trailing_semicolon_cost_linear_time() -> None:
    began = time.process_time()
    assert parse_params(";a=b" + " " * 60_000 + ";", "x") == (("a", "b"),)
    assert time.process_time() - began < 0.3


def test_parameter_names_are_found_in_any_case() -> None:
    """RFC 3261 §7.3.1."""
    params = parse_params(";TAG=x;lr;b", "x")
    assert (find_param(params, "tag"), find_param(params, "lr"), find_param(params, "no")) == ("x", "", None)
    assert format_params(without_param(params, "tag", "b")) == ";lr"


@given(st.text())
def test_what_is_quoted_is_unquoted_again(text: str) -> None:
    expected = text if text.isprintable() else unquote(quote(text))
    assert unquote(quote(text)) == expected
    assert not set(quote(text)) & set("\r\n\x00")


@given(st.text(alphabet=';= \t"\\<>,a1'))
def test_parameters_are_a_value_or_malformed(text: str) -> None:
    try:
        params = parse_params(text, "x")
    except Malformed:
        return
    assert parse_params(format_params(params), "x") == params


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("0068", 68),
        ("255", 255),
        ("256", None),
        ("-1", None),
        ("", None),
        ("٣", None),
        ("²", None),
        ("9" * 100000, None),
    ],
)
def test_numbers_are_ascii_digits_within_bounds(text: str, value: int | None) -> None:
    assert number(text, 255) == value


def test_delta_seconds_beyond_the_largest_are_the_largest() -> None:
    """RFC 3261 §20.19; RFC 4475 §3.1.2.4."""
    assert delta_seconds("3600") == 3600
    assert delta_seconds("1" + "0" * 60) == delta_seconds("9" * 10_000) == SECONDS_MAX
    assert delta_seconds("soon") is delta_seconds("") is delta_seconds("1.5") is None


def test_tokens() -> None:
    assert is_token("!interesting-Method0123456789_*+`.%indeed'~")
    assert not any(map(is_token, ("", "a b", "a:b", "é", 'a"')))


def test_one_line_has_no_line_break() -> None:
    assert one_line("a\r\n b\x00c") == "a  b c"

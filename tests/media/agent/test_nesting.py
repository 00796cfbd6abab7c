"""JSON that is nested without end costs nothing and raises nothing but the documented error (issue 5)."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.agent.nesting import DEPTH, is_too_deep, parse

_JSON = st.recursive(
    # Integers beyond 64 bits are read as floats.
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.text(alphabet='[]{}"\\a\n', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


def nested(levels: int) -> str:
    return '{"a":[' * (levels // 2) + "[" * (levels % 2) + "]" * (levels % 2) + "]}" * (levels // 2)


def test_what_is_read_can_be_written_again_inside_of_something() -> None:
    deepest = parse(nested(DEPTH))
    assert orjson.loads(orjson.dumps({"a": {"b": {"c": deepest}}}))["a"]["b"]["c"] == deepest


@pytest.mark.parametrize("levels", [DEPTH + 1, 300, 1_024, 5_000, 500_000])
def test_what_is_nested_deeper_is_refused(levels: int) -> None:
    for text in (nested(levels), nested(levels).encode(), "[" * levels):
        with pytest.raises(ValueError):
            parse(text)


def test_many_side_by_side_are_not_deep() -> None:
    assert len(parse("[" + "[[]]," * 10_000 + "0]")) == 10_001


@given(_JSON)
def test_any_json_of_reasonable_depth_is_read(value: Any) -> None:
    text = json.dumps([value] * 20)
    assert parse(text) == json.loads(text)


def test_brackets_in_strings_are_not_counted() -> None:
    for text in ('"' + "[" * 100 + '"', '"\\"' + "[" * 100 + '\\\\"', '["' + '\\\\","[[{' * 100 + '"]'):
        assert not is_too_deep(text.encode()) and parse(text)


@pytest.mark.parametrize("unit", ["[", "[],", '"",[],', '"\\"",[],', '"[",', '{"a":', '""[', '"', '"\\'])
def test_a_hostile_message_takes_no_time(unit: str) -> None:
    text = (unit * (2**20 // len(unit))).encode()
    began = time.process_time()
    is_too_deep(text)
    assert time.process_time() - began < 1.0

"""What all dialects share, and that none of them can be made to raise."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.agent.contract import Ask, Context, Note, Say, ToolCall, Verb
from media.agent.dialect.plain import TOOL_CHARACTERS, Halves, Plain, audio, digits, mark, read, tool_call
from media.agent.dialect.table import DIALECTS
from tests.support.vendor import DEEPGRAM, ELEVENLABS, GEMINI, OPENAI, ULTRAVOX

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_RECORDED = [*DEEPGRAM, *ELEVENLABS, *GEMINI, *OPENAI, *ULTRAVOX]


def made(name: str) -> Any:
    return DIALECTS[name](Context("call-1", "acc", 8000, {"from": "1001"}), lambda size: "0" * size * 2)


@st.composite
def _bent(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded message with something else in one of its places."""
    message = json.loads(json.dumps(draw(st.sampled_from(_RECORDED))))
    at: Any = message
    while True:
        key = draw(st.sampled_from(sorted(at)))
        if not isinstance(at[key], dict) or not at[key] or draw(st.booleans()):
            at[key] = draw(_VALUES)
            return message  # type: ignore[no-any-return]
        at = at[key]


@pytest.mark.parametrize("name", sorted(DIALECTS))
@given(messages=st.lists(_bent() | st.dictionaries(st.text(max_size=8), _VALUES, max_size=3), max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_message_makes_a_dialect_raise(name: str, messages: list[dict[str, Any]]) -> None:
    dialect = made(name)
    for message in messages:
        dialect.receive_text(json.dumps(message).encode())
    dialect.open()
    dialect.resume()


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("levels", [200, 1_000, 100_000])
def test_a_message_that_is_nested_without_end_is_malformed(name: str, levels: int) -> None:
    """In each of the places where its parts are written again, and without an end."""
    inner = '{"a":' * levels + "1" + "}" * levels
    texts = ["[" * levels, inner]
    for message in _RECORDED:
        for key in message:
            texts.append(json.dumps({**message, key: "@"}).replace('"@"', inner))
    for text in texts:
        (action,) = made(name).receive_text(text.encode())
        assert isinstance(action, Note) and action.malformed


@pytest.mark.parametrize("name", sorted(DIALECTS))
@given(data=st.binary(max_size=64))
@settings(max_examples=40, deadline=None)
def test_no_bytes_make_a_dialect_raise(name: str, data: bytes) -> None:
    dialect = made(name)
    for action in dialect.receive_binary(data) + dialect.receive_text(data):
        if isinstance(action, Say):
            assert len(action.audio) % dialect.speaks.sample_bytes == 0


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_dialect_takes_whatever_the_call_tells_it(name: str) -> None:
    dialect = made(name)
    said = [
        *dialect.open(), *dialect.digit("5", 100), *dialect.mark("m", True), *dialect.speech_started(1),
        *dialect.speech_stopped(), *dialect.interrupted("", 0, 0, 0), *dialect.cleared(0, 0),
        *dialect.status(0),
        *dialect.tool_result("c", "r", False), *dialect.answered(Ask(Verb.HOLD), ""), *dialect.tell("t"),
        dialect.hear(bytes(dialect.hears.frame_bytes)), *dialect.stop(),
    ]  # fmt: skip
    dialect.skip()
    assert all(isinstance(message, str | bytes) for message in said)


def test_arguments_of_a_tool_may_be_json_already() -> None:
    assert tool_call("t", "c", "clock", '{"a":1}') == tool_call("t", "c", "clock", {"a": 1})
    assert tool_call("t", "c", "clock", {"a": 1}) == ToolCall("c", "clock", '{"a":1}')


def test_plain_says_nothing() -> None:
    assert Plain().open() == [] and Plain().resume() is None and Plain().hear(b"ab") == b"ab"


@given(st.lists(st.binary(max_size=9)))
def test_halves_neither_lose_nor_make_a_byte(pieces: list[bytes]) -> None:
    halves, whole = Halves(), b"".join(pieces)
    joined = [bytes(halves.whole(piece)) for piece in pieces]
    assert b"".join(joined) == whole[: len(whole) & ~1] and all(len(piece) % 2 == 0 for piece in joined)


@pytest.mark.parametrize(
    "noted",
    [
        read(b"{"),
        read(b"[]"),
        audio("a", 5),
        audio("a", "ä"),
        mark("m", None),
        mark("m", "x" * 2000),
        digits("d", ""),
        tool_call("t", 5, "clock", {}),
        tool_call("t", "call-1", None, {}),
        tool_call("t", "call-1", "clock", [1]),
        tool_call("t", "x" * (TOOL_CHARACTERS + 1), "clock", {}),
    ],
)
def test_broken_parts_are_noted_as_malformed(noted: object) -> None:
    assert isinstance(noted, Note) and noted.malformed

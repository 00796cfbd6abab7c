"""What of an agent's messages may be read in a trace (issue 5: secrets masked)."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.agent.redact import SHOWN, kind, shown, variables_shown


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"start","api_key":"hush-1234"}',
        '{"session":{"tools":[{"headers":{"X-Anything":"hush-1234"}}]}}',
        '{"tool":{"authorization": "hush\\"-1234"}}',
        '{"note":"Bearer hush-1234-hush"}',
        '{"text":"use sk-hush-1234-5678 please"}',
        '{"access_token":"' + "hush-1234" * 1000,
        '{"api_keys":["hush","hush\\"]",{"a":["hush"]}]}',
        '{"credentials":{"user":"hush","more":{"pin":"}hush"}}}',
        '{"credentials":{"user":"hush',
        r'{"ap\u0069_key":"hush"}',
        r'{"\u0061\u0070\u0069\u005f\u006b\u0065\u0079":"hush"}',
        r'{"arguments":"{\"password\":\"hush\"}"}',
        r'{"arguments":"{\"pass\\u0077ord\" : [\"hush\",{}]}"}',
        r'{"a":"{\"b\":\"{\\\"token\\\":\\\"hush\\\"}\"}"}',
    ],
)
def test_secrets_are_masked(message: str) -> None:
    assert "hush" not in shown(message) and "***" in shown(message)


@pytest.mark.parametrize("value", ["1234", "-1.5e3", "0", '"1234"', "[1234, 1234]", '{"a":1234}'])
def test_secrets_of_any_type_are_masked_and_what_follows_stays(value: str) -> None:
    for more in (',"event":1}', " ,", "}", " }", ""):
        assert shown(f'{{"pin_key": {value}{more}') == f'{{"pin_key": "***"{more}'


def test_what_follows_a_secret_within_text_stays() -> None:
    for value in (r"\"hush\"", "1234", r"[\"hush\",1]", r"{\"a\":\"hush\"}"):
        text = rf'{{"arguments":"{{\"api_key\":{value},\"b\":1}}","c":2}}'
        assert shown(text) == r'{"arguments":"{\"api_key\":\"***\",\"b\":1}","c":2}'


def test_counts_of_tokens_and_words_that_are_no_values_stay() -> None:
    message = '{"key":null,"has_token":true,"total_tokens":12,"promptTokenCount":3,"token_details":{"a":1}}'
    assert shown(message) == message
    assert "hush" not in shown('{"tokens":["hush"]}') and "hush" not in shown('{"tokens":"hush"}')


def test_what_is_spoken_is_no_secret_though_its_key_is_called_token() -> None:
    """ConversationRelay's `text`, either way round."""
    for message in ('{"type":"text","token":"Hello ","last":false}', '{"token":"Hello ","type":"text"}'):
        assert shown(message) == message
    assert "hush" not in shown('{"type":"text","token":"a","api_token":"hush"}')
    assert "hush" not in shown('{"type":"setup","token":"hush"}')


def test_a_variable_that_is_called_token_is_a_secret_whatever_is_beside_it() -> None:
    assert variables_shown('{"type":"text","plan":"gold","token":"hush"}') == (
        '{"type":"text","plan":"gold","token":"***"}'
    )


def test_audio_is_left_out_and_the_rest_stays() -> None:
    message = '{"type":"audio","delta":"' + "QUJD" * 100 + '","item_id":"i1"}'
    assert shown(message) == '{"type":"audio","delta":"…","item_id":"i1"}'


def test_long_messages_are_cut() -> None:
    text = shown('{"type":"text","text":"' + "word " * 5000)
    assert len(text) == SHOWN + 1 and text.endswith("…")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('{"event": "start", "x": 1}', "start"),
        ('{"type":"session.update"}', "session.update"),
        ('{"command":"FLUSH_MEDIA"}', "FLUSH_MEDIA"),
        ('{"setup":{"model":"m"}}', "setup"),
        ("MEDIA_START connection_id:1", "MEDIA_START"),
        ("", "message"),
    ],
)
def test_a_message_is_called_what_its_protocol_calls_it(message: str, name: str) -> None:
    assert kind(message) == name


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert len(shown(text)) <= SHOWN + 1 and kind(text)


HOSTILE = (
    '"', '"key', '{"headers":', "\\", "A", '"a":', '"key":[', '"key":{', '"key":"\\', '\\"key\\":\\"',
    '"a" ', "key-",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_message_takes_no_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    shown(text)
    kind(text)
    assert time.process_time() - began < 0.1


_SECRETS = st.recursive(
    st.sampled_from(["hush", 'hu"sh hush', "hush\\", "]hush}", "\\\\hush"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", 'b"', "}"]), inner, max_size=3)
    ),
    max_leaves=4,
)
_HARMLESS = st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\{}[],: \n', max_size=6)


@st.composite
def _telling(draw: st.DrawFn) -> str:
    """JSON with secrets below fields whose names say so, as text within text up to three times."""
    fields = {
        "a": draw(_HARMLESS),
        draw(st.sampled_from(["x-api-key", "Token", "my_passWORD", "headers"])): draw(_SECRETS),
    }
    message: object = {**fields, "b": draw(_HARMLESS)}
    for _ in range(draw(st.integers(0, 2))):
        inner = message if draw(st.booleans()) else json.dumps(message)
        message = {"c": draw(_HARMLESS), "d": inner, "e": draw(_HARMLESS)}
    return json.dumps(message, separators=draw(st.sampled_from([(",", ":"), (", ", ": ")])))


@given(_telling())
def test_no_secret_is_shown_wherever_it_stands(message: str) -> None:
    assert "hush" not in shown(message)

"""What of an agent's messages may be read in a trace (issue 5: secrets masked)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.agent.redact import SHOWN, kind, shown


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"start","api_key":"hush-1234"}',
        '{"session":{"tools":[{"headers":{"X-Anything":"hush-1234"}}]}}',
        '{"tool":{"authorization": "hush\\"-1234"}}',
        '{"note":"Bearer hush-1234-hush"}',
        '{"text":"use sk-hush-1234-5678 please"}',
        '{"access_token":"' + "hush-1234" * 1000,
    ],
)
def test_secrets_are_masked(message: str) -> None:
    assert "hush" not in shown(message) and "***" in shown(message)


def test_what_is_spoken_is_no_secret_though_its_key_is_called_token() -> None:
    """ConversationRelay's `text`, either way round."""
    for message in ('{"type":"text","token":"Hello ","last":false}', '{"token":"Hello ","type":"text"}'):
        assert shown(message) == message
    assert "hush" not in shown('{"type":"text","token":"a","api_token":"hush"}')
    assert "hush" not in shown('{"type":"setup","token":"hush"}')


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


@pytest.mark.parametrize(
    "text", ['"' * 100_000, '"key' * 50_000, '{"headers":' * 20_000, "\\" * 100_000, "A" * 100_000]
)
def test_a_hostile_message_takes_no_time(text: str) -> None:
    began = time.process_time()
    shown(text)
    kind(text)
    assert time.process_time() - began < 0.1

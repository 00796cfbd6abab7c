"""One AI agent of the configuration."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.agent import Agent, Dialect

SIGNATURE = "hv+AYKhavE7s+fdnz3GYiO2lT9I="
"Of token 12345 and the URL below, as twilio 9's `RequestValidator.compute_signature` has it."


def agent(**fields: Any) -> Agent:
    return Agent.model_validate({"dialect": "twilio", "url": "ws://h", **fields})


def test_every_planned_dialect_is_valid() -> None:
    for dialect in Dialect:
        assert Agent(dialect=dialect, url="ws://127.0.0.1:1/x").dialect is dialect


@pytest.mark.parametrize("url", ["ws://h", "wss://h/p?q=1", "builtin:demo", "WS://h:1/"])
def test_agents_are_reached_by_websocket(url: str) -> None:
    assert agent(url=url).url == url


def test_the_demo_agent_speaks_one_dialect() -> None:
    with pytest.raises(ValidationError, match="does not speak openai"):
        agent(dialect="openai", url="builtin:demo")


@pytest.mark.parametrize("url", ["http://h", "ws:///x", "builtin:other", "ws://a b", ""])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="WebSocket URL"):
        agent(url=url)


def test_a_header_cannot_smuggle_a_second_one() -> None:
    with pytest.raises(ValidationError, match="not an HTTP header"):
        agent(headers={"X": "a\r\nY: b"})
    with pytest.raises(ValidationError, match="not a key"):
        agent(dialect="openai", api_key="a\r\nY: b")


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        (
            {"dialect": "openai", "model": "gpt-realtime"},
            "wss://api.openai.com/v1/realtime?model=gpt-realtime",
        ),
        (
            {"dialect": "elevenlabs", "agent_id": "a/b"},
            "wss://api.elevenlabs.io/v1/convai/conversation?agent_id=a%2Fb",
        ),
        ({"dialect": "deepgram"}, "wss://agent.deepgram.com/v1/agent/converse"),
    ],
)
def test_a_vendor_is_found_without_a_url(fields: dict[str, Any], url: str) -> None:
    assert Agent.model_validate(fields).url == url


def test_gemini_is_found_without_a_url() -> None:
    assert "BidiGenerateContent" in Agent.model_validate({"dialect": "gemini"}).url


@pytest.mark.parametrize(
    "fields", [{"dialect": "openai"}, {"dialect": "elevenlabs"}, {"dialect": "ultravox"}]
)
def test_without_url_and_what_makes_one_it_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Agent.model_validate(fields)


@pytest.mark.parametrize(
    ("dialect", "header"),
    [
        ("openai", ("Authorization", "Bearer k")),
        ("deepgram", ("Authorization", "Token k")),
        ("elevenlabs", ("xi-api-key", "k")),
        ("gemini", ("x-goog-api-key", "k")),
    ],
)
def test_the_key_goes_where_the_vendor_wants_it_and_nowhere_else(
    dialect: str, header: tuple[str, str]
) -> None:
    made = agent(dialect=dialect, api_key="k", headers={"X": "1"})
    assert made.sent_headers() == (("X", "1"), header)
    assert "'k'" not in repr(agent(dialect=dialect, api_key="k"))


@pytest.mark.parametrize("dialect", ["twilio", "conversationrelay"])
def test_a_key_signs_the_handshake_as_twilios_auth_token_does(dialect: str) -> None:
    """The signature is what twilio's own RequestValidator computes for this URL and token."""
    made = agent(dialect=dialect, api_key="12345", url="wss://bot.example/media?foo=1&bar=2")
    assert made.sent_headers() == (("X-Twilio-Signature", SIGNATURE),)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"variant": "telnyx", "api_key": "k"}, "no header for api_key"),
        ({"dialect": "tandem", "api_key": "k"}, "no header for api_key"),
        ({"variant": "json"}, "no variant"),
        ({"dialect": "openai", "variant": "telnyx"}, "no variant"),
        ({"audio": "pcm"}, "only signalwire"),
        ({"dialect": "gemini", "audio": "ulaw"}, "no choice of audio"),
        ({"session": {"voice": "x"}}, "no session"),
        ({"allow": ["fly"]}, "allow"),
    ],
)
def test_what_a_dialect_does_not_have_is_refused(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        agent(**fields)


@pytest.mark.parametrize(
    ("written", "mode"),
    [(True, "on"), (False, "off"), ("reversible", "reversible"), ({"mode": True}, "on"), ({}, "on")],
)
def test_barge_in_is_a_word_or_a_section(written: object, mode: str) -> None:
    assert agent(barge_in=written).barge_in.mode == mode


def test_an_unknown_way_to_confirm_is_refused() -> None:
    with pytest.raises(ValidationError):
        agent(barge_in={"mode": "reversible", "confirm": ["magic"]})


def test_a_bot_that_dials_us_has_a_token_and_a_dialect_for_it() -> None:
    bot = {"url": "inbound", "token": "0123456789abcdef"}
    assert agent(dialect="tandem", **bot).url == "inbound"
    for wrong in ({"url": "inbound"}, {"token": "0123456789abcdef"}, {"url": "inbound", "token": "short"}):
        with pytest.raises(ValidationError):
            agent(**wrong)
    with pytest.raises(ValidationError, match="no dialect in which a bot dials us"):
        agent(dialect="jambonz", **bot)

"""Secrets are shown to nobody, and kept by who changes the rest."""

from typing import Any

from config.account import User
from config.agent import Agent
from config.secret import with_secrets, without_secrets
from config.trunk import Trunk

TRUNK: dict[str, Any] = {
    "proxy": "sip:carrier.example",
    "auth": {"ip": ["192.0.2.1"], "username": "in", "password": "hush"},
    "register": {"username": "us", "password": "hush", "expires": 600},
}
AGENT = {"dialect": "openai", "model": "m", "api_key": "hush", "headers": {"X": "hush"}, "barge_in": True}


def test_what_repr_hides_is_not_shown_however_deep_it_lies() -> None:
    assert without_secrets(Trunk, TRUNK) == {
        "proxy": "sip:carrier.example",
        "auth": {"ip": ["192.0.2.1"], "username": "in"},
        "register": {"username": "us", "expires": 600},
    }
    assert without_secrets(Agent, AGENT) == {"dialect": "openai", "model": "m", "barge_in": True}
    user = {"devices": [{"username": "a", "password": "hush"}, {}], "forward": {"busy": "voicemail"}}
    assert without_secrets(User, user) == user | {"devices": [{"username": "a"}, {}]}
    assert "hush" not in str(without_secrets(User, {"devices": {"password": "hush"}})), "of no known shape"


def test_a_secret_that_is_left_out_stays_and_null_takes_it_away() -> None:
    assert with_secrets(Trunk, without_secrets(Trunk, TRUNK), TRUNK) == TRUNK
    assert with_secrets(Trunk, {"proxy": "sip:x"}, TRUNK) == {"proxy": "sip:x"}, "what it was of is gone"
    changed = with_secrets(Agent, {"dialect": "openai", "model": "n", "api_key": None}, AGENT)
    assert changed == {"dialect": "openai", "model": "n", "headers": {"X": "hush"}}
    assert with_secrets(Agent, AGENT | {"api_key": "new"}, AGENT)["api_key"] == "new"


def test_what_a_url_hides_is_masked_and_comes_back_as_it_was() -> None:
    url = "wss://us:hush@bot.example:9000/media?key=hush&x=hush#top"
    shown = without_secrets(Agent, {"dialect": "tandem", "url": url})
    assert shown["url"] == "wss://us:***@bot.example:9000/media?key=***&x=***#top"
    assert with_secrets(Agent, shown, {"url": url})["url"] == url
    assert with_secrets(Agent, {"url": "wss://bot.example/"}, {"url": url})["url"] == "wss://bot.example/"
    for plain in ("wss://bot.example/a:b@c", "wss://us@bot.example", "inbound", "wss://[2001:db8::1]:9000/x"):
        assert without_secrets(Agent, {"url": plain}) == {"url": plain}

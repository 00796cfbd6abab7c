"""What is valid and not served yet."""

from typing import Any

from config.notice import notices
from config.schema import Settings


def said(account: dict[str, Any], **sections: Any) -> list[str]:
    return notices(Settings.model_validate({"accounts": [{"id": "a", "domain": "d", **account}], **sections}))


def test_a_plain_configuration_needs_no_notice() -> None:
    assert said({"users": [{"number": "1"}]}) == []


def test_everything_that_is_not_served_is_named() -> None:
    agent = {"dialect": "conversationrelay", "url": "ws://127.0.0.1:1/"}
    assert "conversationrelay is not built yet" in said({"agents": {"relay": agent}})[0]
    assert said({"agents": {"demo": agent | {"dialect": "twilio"}}}) == []
    assert said({"extensions": [{"number": "1", "target": {"queue": "x"}}]}) == []
    assert said({}, media={"workers": 2}) == []

"""What is valid and not served yet."""

from typing import Any

from config.notice import notices
from config.schema import Settings


def said(account: dict[str, Any], **sections: Any) -> list[str]:
    return notices(Settings.model_validate({"accounts": [{"id": "a", "domain": "d", **account}], **sections}))


def test_a_plain_configuration_needs_no_notice() -> None:
    assert said({"users": [{"number": "1"}]}) == []


def test_everything_that_is_not_served_is_named() -> None:
    assert said({"dids": [{"number": "123", "target": {"conference": "x"}}]}) == []
    assert said({"dids": [{"number": "123", "target": {"flow": "x"}}]}) == []
    closed = {"number": "123", "target": {"flow": "x"}, "schedule": "s", "closed": {"queue": "q"}}
    assert "calls to a queue" in said({"dids": [closed]})[0]
    assert "calls to a queue" in said({"extensions": [{"number": "1", "target": {"queue": "x"}}]})[0]
    assert said({}, media={"workers": 2}) == []

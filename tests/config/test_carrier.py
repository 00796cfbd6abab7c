"""Webhooks of carriers in the configuration."""

import base64

import pytest
from pydantic import ValidationError

from config.carrier import CarrierHooks

KEY = base64.b64encode(bytes(32)).decode()
GOOD = {
    "url": "https://pbx.example.com/hooks/carrier",
    "sip": "pbx.example.com:5060;transport=tcp",
    "twilio": {"auth_token": "12345"},
    "telnyx": {"public_key": KEY, "api_key": "KEY0"},
}


def test_secrets_are_hidden_where_settings_are_printed() -> None:
    shown = repr(CarrierHooks.model_validate(GOOD))
    assert "pbx.example.com" in shown and "12345" not in shown and "KEY0" not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"url": "pbx.example.com"},
        {"url": "https://pbx.example.com/hooks?x=1"},
        {"sip": "sip:pbx.example.com"},
        {"sip": "a b"},
        {"sip": "pbx.example.com;transport=carrier-pigeon"},
        {"telnyx": {"public_key": "AAAA"}},
        {"telnyx": {"public_key": "?"}},
        {"telnyx": None, "twilio": None},
        {"twilio": {"auth_token": ""}},
        {"plivo": {}},
    ],
)
def test_what_no_carrier_could_use_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CarrierHooks.model_validate(GOOD | change)

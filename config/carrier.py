"""Webhooks of carriers that an account takes at `/hooks/carrier`."""

import base64
import binascii
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from config.section import Section, refusal


def _url(value: str) -> str:
    if re.fullmatch(r"https?://[^/\s?#]+/[^\s?#]*", value) is None:
        raise refusal("not the URL of a webhook", 'write one such as "https://pbx.example.com/hooks/carrier"')
    return value


def _host_port(value: str) -> str:
    if (
        re.fullmatch(
            r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?", value
        )
        is None
    ):
        raise refusal(
            "not a place that a carrier can call",
            'write host[:port], such as "pbx.example.com:5060;transport=tcp"',
        )
    return value


def _ed25519(value: str) -> str:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise refusal("not an Ed25519 public key", "copy the public key of the carrier's portal, in Base64")
    return value


class TwilioHook(Section):
    auth_token: str = Field(min_length=1, max_length=200, repr=False)
    "Signs their requests."


class TelnyxHook(Section):
    public_key: Annotated[str, AfterValidator(_ed25519)]
    "Ed25519, Base64: verifies their events."
    api_key: str = Field(default="", max_length=200, repr=False)
    "By which we tell them where a call goes; empty: their voice events are refused."
    api: str = Field(default="https://api.telnyx.com/v2", pattern=r"^https?://[^\s?#]+[^/\s?#]$")
    "Where their REST API is."


class CarrierHooks(Section):
    """Calls and texts to the account's DIDs that a carrier tells of by HTTP."""

    url: Annotated[str, AfterValidator(_url)]
    "As the carrier calls it; Twilio's signature is over this."
    sip: Annotated[str, AfterValidator(_host_port)]
    "Where the carrier sends the call by SIP: host[:port][;transport=…] of ours, seen from outside."
    twilio: TwilioHook | None = None
    telnyx: TelnyxHook | None = None

    @model_validator(mode="after")
    def _of_somebody(self) -> "CarrierHooks":
        if self.twilio is None and self.telnyx is None:
            raise refusal("hooks of no carrier", "add twilio or telnyx, or remove carrier_hooks")
        return self

"""Carriers that sign their webhooks as Twilio and Telnyx do, written from their documentation alone."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

URL = "https://pbx.example.com/hooks/carrier"
TOKEN = "12345"


def twilio_signature(fields: dict[str, str], token: str = TOKEN, url: str = URL) -> str:
    """'Take the full URL, sort the POST fields by name, append name and value without delimiters.'"""
    text = url
    for name in sorted(fields):
        text += name + fields[name]
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


class Telnyx:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64.b64encode(public).decode()

    def signed(self, event: dict[str, object], at: int) -> tuple[bytes, dict[str, str]]:
        """Body and headers of one event."""
        body = json.dumps(event).encode()
        signature = base64.b64encode(self._key.sign(f"{at}|".encode() + body)).decode()
        return body, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": str(at)}

    def hooks(self, **telnyx: str) -> dict[str, object]:
        """`carrier_hooks` of an account that takes both carriers' webhooks."""
        return {
            "url": URL,
            "sip": "pbx.example.com;transport=tcp",
            "twilio": {"auth_token": TOKEN},
            "telnyx": {"public_key": self.public_key, "api_key": "KEY0", **telnyx},
        }


def call(number: str, event: str = "e1") -> dict[str, object]:
    payload = {"call_control_id": "v3:a/b", "direction": "incoming", "from": "+14155551234", "to": number}
    return {"data": {"id": event, "event_type": "call.initiated", "payload": payload}}


def text(number: str, body: str = "hello", event: str = "m1") -> dict[str, object]:
    payload = {
        "from": {"phone_number": "+14155551234"},
        "to": [{"phone_number": number}],
        "text": body,
        "media": [{"url": "https://media.example.com/1.jpg"}],
    }
    return {"data": {"id": event, "event_type": "message.received", "payload": payload}}

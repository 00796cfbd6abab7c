"""Signatures of carriers, against the vendors' own examples and against an independent signer."""

import pytest

from controlplane.service.carrier_signature import TOLERANCE, by_telnyx, by_twilio
from tests.support.carrier import Telnyx, twilio_signature

EXAMPLE = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "Digits": "1234",
    "From": "+14158675310",
    "To": "+18005551212",
}
"Of Twilio's page on webhook security."
EXAMPLE_URL = "https://example.com/myapp.php?foo=1&bar=2"


def test_twilio_signs_the_url_and_the_sorted_fields() -> None:
    signature = twilio_signature(EXAMPLE, "12345", EXAMPLE_URL)
    assert signature == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert by_twilio("12345", EXAMPLE_URL, list(EXAMPLE.items())[::-1], signature)


@pytest.mark.parametrize("wrong", ["token", "url", "field", "signature", "empty", "not ascii"])
def test_whatever_differs_is_refused(wrong: str) -> None:
    fields = list(EXAMPLE.items()) + ([("More", "1")] if wrong == "field" else [])
    token = "54321" if wrong == "token" else "12345"
    url = EXAMPLE_URL + ("&baz=3" if wrong == "url" else "")
    signature = {"signature": "AAAA", "empty": "", "not ascii": "ü"}.get(
        wrong, twilio_signature(EXAMPLE, "12345", EXAMPLE_URL)
    )
    assert not by_twilio(token, url, fields, signature)


def test_telnyx_signs_the_time_and_the_body() -> None:
    telnyx = Telnyx()
    body, headers = telnyx.signed({"data": {}}, 1_000)
    signature = headers["telnyx-signature-ed25519"]

    def good(body: bytes = body, at: str = "1000", signature: str = signature, wall: float = 1_000.0) -> bool:
        return by_telnyx(telnyx.public_key, body, at, signature, wall)

    assert good() and good(wall=1_000 + TOLERANCE) and good(wall=1_000 - TOLERANCE)
    assert not good(wall=1_001 + TOLERANCE), "an old one is a replay"
    assert not good(body + b" ") and not good(at="1001") and not good(at="") and not good(at="٣")
    assert not good(signature="AAAA") and not good(signature="?")

"""Who really sent a webhook: Twilio by HMAC-SHA1 over URL and fields, Telnyx by Ed25519 over time and body.

https://www.twilio.com/docs/usage/webhooks/webhooks-security · https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE: Final = 300.0
"A Telnyx event that was signed longer ago, or further ahead, is refused [s]."


def by_twilio(token: str, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """Args: url: with its query, as Twilio called it."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def by_telnyx(public_key: str, body: bytes, timestamp: str, signature: str, wall: float) -> bool:
    """Args: wall: now [s UTC]."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(wall - int(timestamp)) > TOLERANCE:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(signature, validate=True), f"{timestamp}|".encode() + body)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True

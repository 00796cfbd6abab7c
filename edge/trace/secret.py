"""What no trace and no mirror may show of a SIP message: proofs of passwords, keys of SRTP."""

import re

# Wherever the header is folded: in a message with credentials every `response=` is one.
_PROOF = re.compile(rb'(?i)(\bresponse\s{0,8}=\s{0,8}"?)[^",\r\n]*')

# Keys of SRTP (RFC 4568 §9.1).
_INLINE = re.compile(rb"(?i)(\binline:)[^\s|;]+")


def blanked(message: bytes, *, keys: bool = False) -> bytes:
    """Args: keys: what is pressed now is nobody's business either (SIP INFO)."""
    lower = message.lower()
    if b"authorization" in lower:
        message = _PROOF.sub(rb"\1***", message)
    if b"crypto:" in lower:
        message = _INLINE.sub(rb"\1***", message)
    if keys and message[:5] == b"INFO ":
        message = message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n***"
    return message

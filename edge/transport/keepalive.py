"""Keep-alives of phones by STUN on the SIP port, by UDP alone (RFC 5626 §4.4.2, §8; RFC 8489 §6).

They keep a NAT open and show a phone when its mapping has changed. Whoever asks is told, as by any STUN
server; a source that is banned is not heard here either. What is no request gets no answer.
"""

from typing import Final

from media.webrtc import stun

_COOKIE: Final = b"\x21\x12\xa4\x42"
_REQUIRED: Final = range(0x8000)  # attributes that must be understood (§5)
_NAMED: Final = 8
"Attributes that a refusal names (RFC 8489 §6.3.1): an answer must not be much more than what was asked."
_UNDERSTOOD: Final = frozenset((stun.Name.USERNAME, stun.Name.MESSAGE_INTEGRITY))


def is_stun(datagram: bytes) -> bool:
    """No SIP message begins so (RFC 5626 §8.1)."""
    return len(datagram) >= stun.HEADER_BYTES and datagram[0] < 4 and datagram[4:8] == _COOKIE


def answer(datagram: bytes, source: tuple[str, int]) -> bytes:
    """To a Binding request: where it came from, or what of it is not understood. Empty: nothing is said."""
    message = stun.parse(datagram)
    if message is None or message.kind is not stun.Kind.REQUEST:
        return b""
    kinds = dict.fromkeys(kind for kind, _ in message.attributes)
    if strange := [kind for kind in kinds if kind in _REQUIRED and kind not in _UNDERSTOOD][:_NAMED]:
        told = [stun.error(420, "Unknown Attribute"), stun.unknown(strange)]
        return stun.build(stun.Kind.ERROR, message.transaction, told)
    return stun.build(stun.Kind.SUCCESS, message.transaction, [stun.mapped(source, message.transaction)])

"""STUN messages of the Binding method: bytes ↔ values (RFC 8489 §5, §14; RFC 8445 §16).

A message with a wrong FINGERPRINT, cut attributes or another method is no message. What stands behind
MESSAGE-INTEGRITY is passed over (§14.5), so all that `get` gives is covered by `is_signed`. Declined:
MESSAGE-INTEGRITY-SHA256 (no browser sends it without the other), long-term credentials, PASSWORD-ALGORITHM.
"""

import enum
import hmac
import ipaddress
import struct
import zlib
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from config.value import dataclass

Address = tuple[str, int]

HEADER_BYTES: Final = 20
_COOKIE: Final = 0x2112_A442
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_FINGERPRINT_XOR: Final = 0x5354_554E
_INTEGRITY_BYTES: Final = 24  # type, length, 20 bytes
_FINGERPRINT_BYTES: Final = 8


class Kind(enum.IntEnum):
    """Message type of the Binding method, class included."""

    REQUEST = 0x0001
    INDICATION = 0x0011
    SUCCESS = 0x0101
    ERROR = 0x0111


class Name(enum.IntEnum):
    """Attribute type."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


@dataclass(frozen=True, slots=True)
class Message:
    kind: Kind
    transaction: bytes
    "12 bytes."
    attributes: tuple[tuple[int, bytes], ...] = ()
    "Up to MESSAGE-INTEGRITY, in order."
    _covered: bytes = field(default=b"", repr=False)
    _integrity: bytes = field(default=b"", repr=False)

    def get(self, name: Name) -> bytes | None:
        """The first attribute of this type."""
        return next((value for kind, value in self.attributes if kind == name), None)

    def is_signed(self, key: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is there and was made with `key`."""
        if not self._integrity:
            return False
        return hmac.compare_digest(self._integrity, hmac.digest(key, self._covered, "sha1"))

    @property
    def mapped(self) -> Address | None:
        """XOR-MAPPED-ADDRESS (§14.2); None when it is absent or malformed."""
        value = self.get(Name.XOR_MAPPED_ADDRESS)
        if value is None or len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
            return None
        pad = _pad(self.transaction)
        host = ipaddress.ip_address(_xor(value[4:], pad))
        return str(host), int.from_bytes(_xor(value[2:4], pad), "big")

    @property
    def error(self) -> int:
        """ERROR-CODE (§14.8); 0 when it is absent or malformed."""
        value = self.get(Name.ERROR_CODE)
        return (value[2] & 7) * 100 + value[3] if value is not None and len(value) >= 4 else 0


def parse(datagram: bytes) -> Message | None:
    """Read one message; `None` when the bytes are none of ours."""
    if len(datagram) < HEADER_BYTES or len(datagram) % 4:
        return None
    number, length, cookie, transaction = _HEADER.unpack_from(datagram)
    if cookie != _COOKIE or length != len(datagram) - HEADER_BYTES or number not in iter(Kind):
        return None
    attributes: list[tuple[int, bytes]] = []
    covered = integrity = b""
    at, end = HEADER_BYTES, len(datagram)
    while at < end:
        kind, size = _ATTRIBUTE.unpack_from(datagram, at)
        after = at + 4 + size + -size % 4
        if after > end:
            return None
        value = datagram[at + 4 : at + 4 + size]
        if kind == Name.FINGERPRINT:
            # It comes last (§14.7); more than it is not ours to interpret.
            if size != 4 or after != end or int.from_bytes(value, "big") != _fingerprint(datagram[:at]):
                return None
        elif integrity:
            pass
        elif kind == Name.MESSAGE_INTEGRITY:
            if size != 20:
                return None
            covered, integrity = _with_length(datagram[:at], _INTEGRITY_BYTES), value
        else:
            attributes.append((kind, value))
        at = after
    return Message(Kind(number), transaction, tuple(attributes), covered, integrity)


def build(
    kind: Kind, transaction: bytes, attributes: Iterable[tuple[Name, bytes]], key: bytes = b""
) -> bytes:
    """Write one message, signed with `key` if there is one, with FINGERPRINT."""
    body = b"".join(
        _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes
    )
    message = _HEADER.pack(kind, len(body), _COOKIE, transaction) + body
    if key:
        signature = hmac.digest(key, _with_length(message, _INTEGRITY_BYTES), "sha1")
        message += _ATTRIBUTE.pack(Name.MESSAGE_INTEGRITY, len(signature)) + signature
    mark = _fingerprint(message)
    message = _with_length(message, _FINGERPRINT_BYTES)
    return message + _ATTRIBUTE.pack(Name.FINGERPRINT, 4) + mark.to_bytes(4, "big")


def mapped(source: Address, transaction: bytes) -> tuple[Name, bytes]:
    """XOR-MAPPED-ADDRESS of a response to `source`."""
    host = ipaddress.ip_address(source[0])
    pad = _pad(transaction)
    family = 1 if host.version == 4 else 2
    value = bytes((0, family)) + _xor(source[1].to_bytes(2, "big"), pad) + _xor(host.packed, pad)
    return Name.XOR_MAPPED_ADDRESS, value


def error(code: int, reason: str) -> tuple[Name, bytes]:
    return Name.ERROR_CODE, bytes((0, 0, code // 100, code % 100)) + reason.encode()


def unknown(kinds: Iterable[int]) -> tuple[Name, bytes]:
    """UNKNOWN-ATTRIBUTES (§14.13)."""
    return Name.UNKNOWN_ATTRIBUTES, b"".join(kind.to_bytes(2, "big") for kind in kinds)


def _pad(transaction: bytes) -> bytes:
    return _COOKIE.to_bytes(4, "big") + transaction


def _xor(value: bytes, pad: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(value, pad, strict=False))


def _with_length(message: bytes, more: int) -> bytes:
    """The message as it is when `more` bytes follow."""
    length = len(message) - HEADER_BYTES + more
    return message[:2] + length.to_bytes(2, "big") + message[4:]


def _fingerprint(message: bytes) -> int:
    return zlib.crc32(_with_length(message, _FINGERPRINT_BYTES)) ^ _FINGERPRINT_XOR

"""The a=crypto attribute: keys of SRTP in a description (RFC 4568, RFC 7714 §14).

Taken are lines with one inline key of the right length and no parameter that changes what is
sent in the clear. The author's packets may name that key by an identifier (MKI, §6.1); ours name none.
Declined: several keys in one line, and every session parameter but the window size hint (§6.3); such a line
is passed over, as if its suite were unknown.
"""

import base64
import binascii
import enum
import re
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from config.value import dataclass

KEY_BYTES: Final = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"Suites that we speak → length of master key and salt."

OFFERED: Final = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM")
"In our offers; the first is the one that every phone knows."

_LINES: Final = 32  # of one section that are looked at
_LONGEST: Final = 256
_MKI: Final = re.compile(r"[0-9]{1,40}:([0-9]{1,3})")
_LONGEST_MKI: Final = 128  # §9.2 [bytes]


class Srtp(enum.Enum):
    """What we make of SRTP on one leg."""

    OFF = "not spoken"
    ANSWERED = "spoken with a peer that offers it"
    OFFERED = "offered too, beside plain RTP"
    REQUIRED = "nothing else is spoken"


@dataclass(frozen=True, slots=True)
class CryptoLine:
    tag: int
    suite: str
    key: bytes = field(repr=False)
    "Master key and salt of what its author sends."
    mki: int = 0
    "Length of the key's identifier in what its author sends [bytes]."

    def __str__(self) -> str:
        """The attribute's value."""
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


def read(values: Iterable[str]) -> tuple[CryptoLine, ...]:
    """The usable ones among the values of `a=crypto`, in the author's order."""
    lines: list[CryptoLine] = []
    for count, value in enumerate(values):
        if count == _LINES:
            break
        line = _read(value)
        if line is not None and all(line.tag != other.tag for other in lines):
            lines.append(line)
    return tuple(lines)


def fault(values: Iterable[str]) -> str:
    """Why none of the values can be used, by the first of them; without its key."""
    value = next(iter(values), "")[:_LONGEST]
    tag, suite, parameters = (*value.split()[:3], "", "", "")[:3]
    size = KEY_BYTES.get(suite.upper())
    if size is None:
        return f"we do not speak {suite[:40] or 'what it names'}"
    key = parameters.partition(":")[2].partition("|")[0]
    try:
        found = len(base64.b64decode(key + "=" * (-len(key) % 4), validate=True))
    except (binascii.Error, ValueError):
        return "its key is no base64"
    if found != size:
        return f"its key and salt have {found} bytes, those of {suite.upper()} {size}"
    return f"its tag or a parameter is not understood ({tag[:9]})"


def _read(value: str) -> CryptoLine | None:
    if len(value) > _LONGEST:
        return None
    fields = value.split()
    if len(fields) < 3 or not all(parameter.startswith("WSH=") for parameter in fields[3:]):
        return None
    tag, suite, parameters = fields[:3]
    method, _, info = parameters.partition(":")
    key, *rest = info.split("|")
    if not (tag.isascii() and tag.isdigit() and len(tag) <= 9) or method.lower() != "inline":
        return None
    mki = 0
    if rest and ":" in rest[-1]:
        found = _MKI.fullmatch(rest.pop())
        mki = int(found[1]) if found is not None else 0
        if not 1 <= mki <= _LONGEST_MKI:
            return None
    if len(rest) > 1:  # a lifetime (`2^20`) is a number of packets that no call reaches
        return None
    try:
        decoded = base64.b64decode(key + "=" * (-len(key) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    suite = suite.upper()
    if len(decoded) != KEY_BYTES.get(suite):
        return None
    return CryptoLine(int(tag), suite, decoded, mki)

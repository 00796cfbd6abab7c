"""SRTP and SRTCP of one leg, keyed by the two descriptions (RFC 3711, RFC 7714).

Each side encrypts with the key that it has written itself (RFC 4568 §4.1), so a leg has two
contexts. Authentication and the replay window are libsrtp's; a master key identifier (§3.1), which names the
only key that there is, is taken out of the packet before. Nothing here raises for what a peer
sends: a packet that is forged, replayed or cut is no packet.
"""

from typing import Any, Final, TypeAlias

from numpy.typing import NDArray
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]  # a compiled module

from media.port import Crypto
from media.rtp import packet

_PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}

_TAGS: Final = {"AES_CM_128_HMAC_SHA1_80": (10, 10), "AES_CM_128_HMAC_SHA1_32": (4, 10)}
"Bytes behind the identifier in RTP and in RTCP (RFC 4568 §6.2); with GCM there is nothing (RFC 7714 §8, §9)."

WINDOW: Final = 128
"Packets behind the newest that are still taken, once each (RFC 3711 §3.3.2)."


LARGEST: Final = 2_048
"Bytes of a datagram that is sealed or opened: as much as is read of one."

Memory: TypeAlias = Any
"A C pointer to the first byte of a packet."

_LENGTH: Final = ffi.new("int *")
_memmove = ffi.memmove
_protect, _unprotect, _unprotect_rtcp = lib.srtp_protect, lib.srtp_unprotect, lib.srtp_unprotect_rtcp
# pylibsrtp's own methods raise for what is long: L16 of 60 ms, or whatever a stranger sends.
_scratch: Final = ffi.new(f"char[{LARGEST + 256}]")
_copied: Final = ffi.buffer(_scratch)


def rows_of(array: NDArray[Any]) -> list[Memory]:
    """A pointer to each row of an array that stays where it is."""
    start = ffi.cast("char *", array.ctypes.data)
    return [start + row * array.strides[0] for row in range(len(array))]


class Srtp:
    """
    Args:
        crypto: the keys; their length must be that of the suite.
        before: what was spoken until now. A key that stays keeps its context: roll-over counter
            and replay window go on (RFC 3711 §3.3.1).
    """

    def __init__(self, crypto: Crypto, before: "Srtp | None" = None) -> None:
        self.crypto = crypto
        self._mki = crypto.mki
        self._tags = _TAGS.get(crypto.suite, (0, 0))
        same = before if before is not None and before.crypto.suite == crypto.suite else None
        if same is not None and same.crypto.local == crypto.local:
            self._out: Session = same._out
        else:
            self._out = _session(crypto.suite, crypto.local, Policy.SSRC_ANY_OUTBOUND)
        if same is not None and same.crypto.remote == crypto.remote:
            self._in: Session = same._in
        else:
            self._in = _session(crypto.suite, crypto.remote, Policy.SSRC_ANY_INBOUND)
        # What the session's own methods call, without a copy on the way in and another on the way out.
        self._out_handle, self._in_handle = self._out._srtp[0], self._in._srtp[0]

    def seal(self, datagram: bytes) -> bytes:
        """An RTP packet of ours → SRTP; empty when it must not be sent, such as a sequence number again."""
        if len(datagram) > LARGEST:
            return b""
        _copied[: len(datagram)] = datagram
        sealed: bytes = _copied[: self.seal_at(_scratch, len(datagram))]
        return sealed

    def open(self, datagram: bytes) -> bytes:
        """SRTP, or SRTCP on the same port → the plain packet; empty when it must not be heard."""
        if len(datagram) > LARGEST:
            return b""
        _copied[: len(datagram)] = datagram
        rtcp = packet.is_rtcp(memoryview(datagram))
        opened: bytes = _copied[: self.open_at(_scratch, len(datagram), rtcp=rtcp)]
        return opened

    def seal_at(self, memory: Memory, size: int) -> int:
        """`seal` in place, into the free bytes behind: the new length, 0 when it must not be sent."""
        length = _LENGTH
        length[0] = size
        return length[0] if _protect(self._out_handle, memory, length) == 0 else 0

    def open_at(self, memory: Memory, size: int, *, rtcp: bool) -> int:
        """`open` in place: the plain packet's length, 0 when it must not be heard."""
        length = _LENGTH
        if self._mki:
            tag = self._tags[rtcp]
            if size < 12 + self._mki + tag:
                return 0
            size -= self._mki
            _memmove(memory + size - tag, memory + size - tag + self._mki, tag)
        length[0] = size
        failed = (_unprotect_rtcp if rtcp else _unprotect)(self._in_handle, memory, length)
        return 0 if failed else length[0]

    def seal_rtcp(self, datagram: bytes) -> bytes:
        return self._out.protect_rtcp(datagram)


def _session(suite: str, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[suite])
    policy.window_size = WINDOW
    return Session(policy=policy)

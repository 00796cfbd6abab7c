"""SRTP and SRTCP of one leg, keyed by the two descriptions (RFC 3711, RFC 7714).

Each side encrypts with the key that it has written itself (RFC 4568 §4.1), so a leg has two
contexts. Authentication and the replay window are libsrtp's; a master key identifier (§3.1), which names the
only key that there is, is taken out of the packet before. Nothing here raises for what a peer
sends: a packet that is forged, replayed or cut is no packet.
"""

from typing import Any, Final, TypeAlias

import numpy as np
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
    """What one leg seals and opens, a packet at a time.

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
        self.outward, self.inward = self._out._srtp[0], self._in._srtp[0]

    @property
    def is_named(self) -> bool:
        """A master key identifier stands in what comes: it is opened one by one."""
        return bool(self._mki)

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
        return length[0] if _protect(self.outward, memory, length) == 0 else 0

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
        failed = (_unprotect_rtcp if rtcp else _unprotect)(self.inward, memory, length)
        return 0 if failed else length[0]

    def seal_rtcp(self, datagram: bytes) -> bytes:
        return self._out.protect_rtcp(datagram)


class Contexts:
    """Those of all legs by slot, for what many legs seal or open in one tick.

    The loop over the packets is `map`'s: it takes a fifth of the time that one of Python's does.
    """

    def __init__(self, slots: int) -> None:
        self._outward: list[Any] = [None] * slots
        self._inward: list[Any] = [None] * slots
        self.single = np.zeros(slots, np.bool_)
        "By slot: what comes cannot be opened with the others."
        self._lengths = np.zeros(slots, np.int32)
        start = ffi.cast("int *", self._lengths.ctypes.data)
        self._length_at = [start + row for row in range(slots)]

    def put(self, slot: int, srtp: Srtp | None) -> None:
        """The leg at `slot` speaks with these keys, or none. It must keep `srtp` until then."""
        self._outward[slot] = None if srtp is None else srtp.outward
        self._inward[slot] = None if srtp is None else srtp.inward
        self.single[slot] = srtp is not None and srtp.is_named

    def seal(self, slots: list[int], memory: list[Memory], size: int) -> NDArray[np.int32]:
        """`Srtp.seal_at` of packets of `size` bytes, one of each slot: their lengths, until the next call."""
        return self._each(_protect, self._outward, slots, memory, size)

    def open(self, slots: list[int], memory: list[Memory], sizes: NDArray[np.int64]) -> NDArray[np.int32]:
        """`Srtp.open_at` of an RTP packet from each slot; none of them may be `single`."""
        return self._each(_unprotect, self._inward, slots, memory, sizes)

    def _each(
        self, change: Any, handles: list[Any], slots: list[int], memory: list[Memory], sizes: Any
    ) -> NDArray[np.int32]:
        lengths = self._lengths[: len(slots)]
        lengths[:] = sizes
        failed = list(map(change, [handles[slot] for slot in slots], memory, self._length_at))
        if any(failed):
            lengths[np.array(failed) != 0] = 0
        return lengths


def _session(suite: str, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[suite])
    policy.window_size = WINDOW
    return Session(policy=policy)

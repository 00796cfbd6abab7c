"""SRTP and SRTCP of one leg, keyed by the two descriptions (RFC 3711, RFC 7714).

Each side encrypts with the key that it has written itself (RFC 4568 §4.1), so a leg has two
contexts. Authentication and the replay window are libsrtp's. Nothing here raises for what a peer
sends: a packet that is forged, replayed or cut is no packet.
"""

from typing import Final

from pylibsrtp import Error, Policy, Session

from media.port import Crypto
from media.rtp import packet

_PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}

WINDOW: Final = 128
"Packets behind the newest that are still taken, once each (RFC 3711 §3.3.2)."


class Srtp:
    """
    Args:
        crypto: the keys; their length must be that of the suite.
        before: what was spoken until now. A key that stays keeps its context: roll-over counter
            and replay window go on (RFC 3711 §3.3.1).
    """

    def __init__(self, crypto: Crypto, before: "Srtp | None" = None) -> None:
        self.crypto = crypto
        same = before if before is not None and before.crypto.suite == crypto.suite else None
        if same is not None and same.crypto.local == crypto.local:
            self._out: Session = same._out
        else:
            self._out = _session(crypto.suite, crypto.local, Policy.SSRC_ANY_OUTBOUND)
        if same is not None and same.crypto.remote == crypto.remote:
            self._in: Session = same._in
        else:
            self._in = _session(crypto.suite, crypto.remote, Policy.SSRC_ANY_INBOUND)

    def seal(self, datagram: bytes) -> bytes:
        """An RTP packet of ours → SRTP; empty when it must not be sent, such as a sequence number again."""
        try:
            return self._out.protect(datagram)
        except Error:
            return b""

    def open(self, datagram: bytes) -> bytes:
        """SRTP, or SRTCP on the same port → the plain packet; empty when it must not be heard."""
        try:
            if packet.is_rtcp(memoryview(datagram)):
                return self._in.unprotect_rtcp(datagram)
            return self._in.unprotect(datagram)
        except (Error, TypeError):
            return b""

    def seal_rtcp(self, datagram: bytes) -> bytes:
        return self._out.protect_rtcp(datagram)


def _session(suite: str, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[suite])
    policy.window_size = WINDOW
    return Session(policy=policy)

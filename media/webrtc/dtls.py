"""DTLS of one leg, by OpenSSL: proves who the peer is and agrees on the keys of SRTP.

RFC 5763 and 8842 (fingerprints, setup), 5764 (use_srtp), 8827 §6.5. Nobody signs the certificates: the
fingerprint in the description is what is trusted. Datagrams in and out, no socket; only the retransmission
timer is OpenSSL's own and runs by the machine's clock, whatever `now` says. What a peer sends can end the
association, never raise.
"""

import contextlib
import datetime
import hmac
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from media.port import Crypto

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha-512": hashes.SHA512(),
    "sha-384": hashes.SHA384(),
    "sha-256": hashes.SHA256(),
}
"Strongest first; weaker ones prove nothing (RFC 8122 §5)."

_PROFILES: Final = {
    b"SRTP_AES128_CM_SHA1_80": ("AES_CM_128_HMAC_SHA1_80", 16, 14),
    b"SRTP_AEAD_AES_128_GCM": ("AEAD_AES_128_GCM", 16, 12),
    b"SRTP_AEAD_AES_256_GCM": ("AEAD_AES_256_GCM", 32, 12),
}
"Name for OpenSSL, in our preference → suite, bytes of key and of salt (RFC 5764 §4.1.2, RFC 7714 §14.2)."

_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"
    b":ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
)
# Whom a fingerprint vouches for needs no dates, and a daemon may outlive any that is counted from its start.
_FROM: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_UNTIL: Final = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)
_MTU: Final = 1_200
"Of our datagrams: passes every path that carries IPv6 [bytes]."
_RECORD_HEADER: Final = 13
_EXPORTER: Final = b"EXTRACTOR-dtls_srtp"


class Certificate:
    """What we prove ourselves with: made anew by each run, signed by itself."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tandem")])
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        signed = builder.not_valid_before(_FROM).not_valid_after(_UNTIL).sign(key, hashes.SHA256())
        self.fingerprint = f"sha-256 {_digest(signed, 'sha-256')}"
        "As in `a=fingerprint`."
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        # Any certificate will do here, but there must be one: its fingerprint is compared afterwards.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(signed)
        context.use_privatekey(key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(_PROFILES))
        self.context = context


class Dtls:
    """
    Args:
        active: we begin the handshake.
        fingerprints: (algorithm, value) pairs of the peer's description.
    """

    def __init__(
        self, certificate: Certificate, fingerprints: tuple[tuple[str, str], ...], now: float, *, active: bool
    ) -> None:
        self.crypto: Crypto | None = None
        "Keys of SRTP, once the handshake is done."
        self.failure = ""
        "Why it is over: `dtls_failed` or `dtls_closed`."
        self.detail = ""
        self._fingerprints = fingerprints
        self._active = active
        self._connection = connection = SSL.Connection(certificate.context, None)
        if active:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        connection.set_ciphertext_mtu(_MTU)
        self._timer: float | None = None
        self._out: list[bytes] = []
        if active:
            self._proceed(now)

    def take(self) -> list[bytes]:
        """Datagrams to be sent."""
        out, self._out = self._out, []
        return out

    def receive(self, datagram: bytes, now: float) -> None:
        if self.failure:
            return
        try:
            self._connection.bio_write(datagram)
        except SSL.Error:
            return
        self._proceed(now)

    def next_timer_at(self) -> float | None:
        return None if self.failure else self._timer

    def handle_timer(self, now: float) -> None:
        if self._timer is None or now < self._timer or self.failure:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self._fail("dtls_failed", f"nobody answers the handshake: {_why(error)}")
        self._flush(now)

    def close(self, now: float) -> None:
        """Say goodbye."""
        if self.failure or self.crypto is None:
            return
        with contextlib.suppress(SSL.Error):
            self._connection.shutdown()
        self._flush(now)

    def _proceed(self, now: float) -> None:
        connection = self._connection
        try:
            if self.crypto is None:
                connection.do_handshake()
                self._agree()
            else:
                connection.recv(1)  # nothing is expected: this takes alerts and repeated flights
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self._fail("dtls_closed", "the peer closed its DTLS association")
        except SSL.Error as error:
            if self.crypto is None:
                self._fail("dtls_failed", f"the handshake failed: {_why(error)}")
        self._flush(now)

    def _agree(self) -> None:
        """The handshake is done: check whom with, then take the keys."""
        connection = self._connection
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not _matches(certificate, self._fingerprints):
            self._fail("dtls_failed", "the peer's certificate is not the one of its a=fingerprint")
            return
        profile = _PROFILES.get(connection.get_selected_srtp_profile())
        if profile is None:
            self._fail("dtls_failed", "no SRTP profile in common")
            return
        suite, key, salt = profile
        made = connection.export_keying_material(_EXPORTER, 2 * (key + salt))
        client = made[:key] + made[2 * key : 2 * key + salt]
        server = made[key : 2 * key] + made[2 * key + salt :]
        self.crypto = Crypto(suite, client, server) if self._active else Crypto(suite, server, client)

    def _flush(self, now: float) -> None:
        while True:
            try:
                made = self._connection.bio_read(65_536)
            except SSL.Error:
                break
            self._out += _datagrams(made)
        wait = None if self.crypto is not None else self._connection.DTLSv1_get_timeout()
        self._timer = None if wait is None else now + wait

    def _fail(self, failure: str, detail: str) -> None:
        self.failure, self.detail = failure, detail


def _datagrams(records: bytes) -> list[bytes]:
    """Whole records, together as long as the path lets them."""
    datagrams: list[bytes] = []
    start = at = 0
    while at + _RECORD_HEADER <= len(records):
        end = at + _RECORD_HEADER + int.from_bytes(records[at + 11 : at + 13], "big")
        if end - start > _MTU and at > start:
            datagrams.append(records[start:at])
            start = at
        at = end
    if start < len(records):
        datagrams.append(records[start:])
    return datagrams


def _digest(certificate: x509.Certificate, algorithm: str) -> str:
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


def _matches(certificate: x509.Certificate, fingerprints: tuple[tuple[str, str], ...]) -> bool:
    """Whether it is one of those named by the strongest hash that was used (RFC 8122 §5.1)."""
    for algorithm in _HASHES:
        values = [value.upper() for name, value in fingerprints if name == algorithm]
        if values:
            digest = _digest(certificate, algorithm).encode()
            return any([hmac.compare_digest(digest, value.encode()) for value in values])
    return False


def _why(error: SSL.Error) -> str:
    """OpenSSL's words."""
    reasons = error.args[0] if error.args else ()
    return "; ".join(str(reason[-1]) for reason in reasons) or type(error).__name__

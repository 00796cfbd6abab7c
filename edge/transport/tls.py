"""Our certificate and whom we trust (RFC 3261 §26.2.1; TLS 1.2 and later).

Connections take the context that is current when they begin, so a certificate that was replaced on
disk serves the next one without a restart, and one that cannot be read changes nothing.
"""

import os
import ssl
from pathlib import Path

from config.schema import Tls


class TlsError(Exception):
    """Certificate, key or authorities cannot be used; the text says which, and why."""


class Credentials:
    """Contexts of both roles; without `tls` we can only dial, and show no certificate.

    Raises:
        TlsError: the files cannot be used.
    """

    def __init__(self, tls: Tls | None, *, verify: bool = True, ca: Path | None = None) -> None:
        """Args:
        verify: False dials servers without looking at their certificates.
        ca: authorities to trust beside the system's, when there is no `tls` that names them.
        """
        self.verify = verify
        self.server: ssl.SSLContext | None = None
        "For those that connect to us; None without a certificate."
        self._tls = tls
        self._ca = tls.ca if tls is not None else ca
        self._stamp = self._look()
        self._load()

    def changed(self) -> bool:
        """Whether the files are other ones than those in use or found bad."""
        return self._look() != self._stamp

    def reload(self) -> None:
        """Read everything again; what is in use stays when that fails.

        Raises:
            TlsError: the new files cannot be used.
        """
        self._stamp = self._look()
        self._load()

    def _load(self) -> None:
        client = ssl.create_default_context()
        client.minimum_version = ssl.TLSVersion.TLSv1_2
        # Names are compared by `edge.sip.certificate`, which knows those of SIP.
        client.check_hostname = False
        # Private authorities of carriers lack what Python 3.13 began to ask for, such as key identifiers.
        client.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verify:
            client.verify_mode = ssl.CERT_NONE
        server = None
        if (tls := self._tls) is not None:
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.minimum_version = ssl.TLSVersion.TLSv1_2
            server.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
            for context in (server, client):
                _load_chain(context, tls.certificate, tls.key)
            if tls.verify_client:
                server.verify_mode = ssl.CERT_REQUIRED
        if self._ca is not None:
            for asked in (server, client):
                if asked is not None:
                    _load_authorities(asked, self._ca)
        self.client, self.server = client, server

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        if self._tls is None:
            return ()
        paths = (self._tls.certificate, self._tls.key, self._ca)
        return tuple(_stamp(path) for path in paths if path is not None)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for setting, path in (("certificate", certificate), ("key", key)):
        _readable(setting, path)
    try:
        # An encrypted key must not make OpenSSL ask at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as fault:
        if fault.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"key: {key} does not belong to {certificate}") from None
        what = "no PEM certificate with a PEM key that has no passphrase"
        raise TlsError(f"{certificate} and {key} hold {what}") from None


def _load_authorities(context: ssl.SSLContext, path: Path) -> None:
    _readable("ca", path)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise TlsError(f"ca: {path} holds no PEM certificate") from None


def _readable(setting: str, path: Path) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as fault:
        raise TlsError(f"{setting}: {path} cannot be read: {fault.strerror}") from None

"""The certificate, and what a phone meets at each TLS or WSS listener.

::

    running daemon ──── its socket ─────┐
    none: files ─▶ handshake in memory ─┴─▶ certificate ─▶ dates · names (RFC 5922) · who vouches for it

A phone says nothing but "TLS failed". The handshake is made twice: as a phone that trusts nobody but this
machine's authorities and `listen.tls.ca`, and, where that fails, once more to see what was shown.
"""

import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from config.schema import SipListener, Tls
from controlplane.doctor.finding import Finding, Verdict, fail, ok, warn
from edge.sip.certificate import PeerCertificate, proves
from edge.transport.tls import Credentials, TlsError

EXPIRY_WARN: Final = timedelta(days=14)
PATIENCE: Final = 3.0
"For a daemon to answer a handshake [s]."
_LONGEST: Final = 1 << 18
"No chain is longer [bytes]."

Shake = Callable[[ssl.SSLContext], bytes]
"One handshake as a client → the certificate that was shown, DER."


def certificate(tls: Tls | None, now: datetime) -> Finding:
    """The files of `listen.tls`. Args: now: aware."""
    name = "certificate"
    if tls is None:
        return ok(name, "none set: no TLS, no WSS")
    try:
        Credentials(tls)
        shown = x509.load_pem_x509_certificate(_head(tls.certificate))
    except TlsError as error:
        return fail(name, str(error), "give a PEM chain and its key without a passphrase in listen.tls")
    except (OSError, ValueError):
        return fail(name, f"{tls.certificate} holds no certificate that can be read", "make it anew")
    return _in_time(name, f"{tls.certificate}, ", shown, now) or ok(
        name, f"{tls.certificate}, good until {shown.not_valid_after_utc:%Y-%m-%d}"
    )


def overdue(tls: Tls | None) -> list[str]:
    """One line, with its fix, where the certificate has expired, soon will, or cannot be used: phones say
    no more than that TLS failed."""
    found = certificate(tls, datetime.now(UTC))
    return [] if found.verdict is Verdict.OK else [f"{found.found}; {found.fix}"]


def listener(
    listener: SipListener, tls: Tls, names: Sequence[str], now: datetime, *, running: bool
) -> Finding:
    """Args:
    names: what phones may be told to dial: domains of accounts, the public address.
    running: a daemon of this data folder answers; else what it would show.
    """
    name = f"TLS at {listener.transport} {listener.address}:{listener.port}"
    try:
        shake = _daemon(listener) if running else _files(tls)
        trouble, der = _shown(shake, tls)
    except TlsError as error:
        return fail(name, str(error), "give a PEM chain and its key without a passphrase in listen.tls")
    except ConnectionRefusedError:
        return fail(name, "nobody listens", "restart the daemon: listen.sip or listen.tls was changed")
    except (OSError, ValueError) as error:
        found = f"no handshake: {getattr(error, 'reason', None) or error}"
        return fail(name, found, "look into the daemon's log; try openssl s_client")
    try:
        shown = x509.load_der_x509_certificate(der)
    except ValueError:
        return fail(name, "what it shows is no certificate that can be read", "make it anew")
    return _judged(name, shown, trouble, [one for one in names if not proves(_names(shown), one)], now)


# Inside.


def _judged(
    name: str, shown: x509.Certificate, trouble: str, strange: Sequence[str], now: datetime
) -> Finding:
    """Args: trouble: why a phone does not trust it; strange: names that it does not prove."""
    late = _in_time(name, "", shown, now)
    if late is not None:
        return late
    proven = [text for _, text in _names(shown)["subjectAltName"]]
    if not proven:
        fix = "make it anew with a subjectAltName: phones do not look at the common name"
        return fail(name, "the certificate names no host", fix)
    if trouble:
        fix = (
            "give phones its authority (and name it in listen.tls.ca), or put the certificates between "
            "yours and a public authority behind yours in listen.tls.certificate"
        )
        return warn(name, f"who has but the usual authorities does not trust it: {trouble}", fix)
    if strange:
        found = f"the certificate is for {', '.join(proven)}, not for {', '.join(strange)}"
        fix = "have phones connect to a name that it has, or get one for the domain they register at"
        return warn(name, found, fix)
    return ok(name, f"good for {', '.join(proven)} until {shown.not_valid_after_utc:%Y-%m-%d}")


def _in_time(name: str, whose: str, shown: x509.Certificate, now: datetime) -> Finding | None:
    begins, ends = shown.not_valid_before_utc, shown.not_valid_after_utc
    if now < begins:
        fix = "set this machine's clock, or wait"
        return fail(name, f"{whose}not good before {begins:%Y-%m-%d %H:%M} UTC", fix)
    if ends <= now:
        fix = "renew it, then tandem reload"
        return fail(name, f"{whose}expired on {ends:%Y-%m-%d}", fix)
    if ends - now < EXPIRY_WARN:
        return warn(name, f"{whose}good until {ends:%Y-%m-%d}", "renew it soon, then tandem reload")
    return None


def _shown(shake: Shake, tls: Tls) -> tuple[str, bytes]:
    """Why the certificate is not trusted, empty if it is; and the certificate."""
    context = _client(tls)
    try:
        return "", shake(context)
    except ssl.SSLCertVerificationError as error:
        context.verify_mode = ssl.CERT_NONE
        return error.verify_message, shake(context)


def _client(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # whether a phone looks so closely is not known
    if tls.ca is not None:
        with contextlib.suppress(OSError):  # said of `certificate` already
            context.load_verify_locations(tls.ca)
    if tls.verify_client:
        with contextlib.suppress(OSError):
            context.load_cert_chain(tls.certificate, tls.key, password="")
    return context


def _daemon(listener: SipListener) -> Shake:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listener.address, listener.address)

    def shake(context: ssl.SSLContext) -> bytes:
        with (
            socket.create_connection((host, listener.port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""

    return shake


def _files(tls: Tls) -> Shake:
    """Raises: TlsError: they are of no use."""
    server = Credentials(tls).server
    assert server is not None, "there are files"
    server.verify_mode = ssl.CERT_NONE  # it is our side that is looked at

    def shake(context: ssl.SSLContext) -> bytes:
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        ours = context.wrap_bio(back, there, server_hostname="localhost")
        theirs = server.wrap_bio(there, back, server_side=True)
        for _ in range(8):
            for side in (ours, theirs):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
        return ours.getpeercert(binary_form=True) or b""

    return shake


def _names(shown: x509.Certificate) -> PeerCertificate:
    """As `SSLSocket.getpeercert` says them, which it does for trusted certificates alone."""
    try:
        found = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return {"subjectAltName": ()}
    return {
        "subjectAltName": (
            *(("DNS", text) for text in found.get_values_for_type(x509.DNSName)),
            *(("URI", text) for text in found.get_values_for_type(x509.UniformResourceIdentifier)),
            *(("IP Address", str(ip)) for ip in found.get_values_for_type(x509.IPAddress)),
        )
    }


def dialled(domains: Sequence[str], public_address: str) -> list[str]:
    """What phones may be told to connect to. Args: public_address: as configured, `auto` for unknown."""
    names = list(dict.fromkeys(domains))
    if public_address != "auto":
        with contextlib.suppress(ValueError):
            names.append(str(ipaddress.ip_address(public_address)))
    return names


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(_LONGEST)

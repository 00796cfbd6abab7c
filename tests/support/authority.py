"""A certificate authority of a test: signs servers, phones and carriers into PEM files."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from config.schema import Tls

_SIGNS = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _identity(text: str) -> x509.GeneralName:
    if text.startswith("sip:"):
        return x509.UniformResourceIdentifier(text)
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Authority:
    """`folder/ca.pem` is what peers trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = (
            self._builder("Test authority", self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(_SIGNS, critical=True)
        )
        self.certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue(self, stem: str, *identities: str, days: int = 2) -> tuple[Path, Path]:
        """For host names, IP addresses or `sip:` domains, good for `days`: (certificate, key)."""
        key = ec.generate_private_key(ec.SECP256R1())
        # Python 3.13's own contexts, which tests play phones with, ask for it.
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = self._builder(stem, key.public_key(), days).add_extension(issuer, critical=False)
        if identities:
            names = x509.SubjectAlternativeName([_identity(text) for text in identities])
            made = made.add_extension(names, critical=False)
        certificate, secret = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        return certificate, secret

    def tls(self, stem: str, *identities: str, verify_client: bool = False, days: int = 2) -> Tls:
        """`listen.tls` with a fresh certificate, and this authority trusted."""
        certificate, key = self.issue(stem, *identities, days=days)
        return Tls(certificate=certificate, key=key, ca=self.certificate, verify_client=verify_client)

    def _builder(
        self, subject: str, key: ec.EllipticCurvePublicKey, days: int = 90
    ) -> x509.CertificateBuilder:
        today = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Test authority"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=days))
        )

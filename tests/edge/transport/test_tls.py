"""Our certificate: read at start, read again when it changed, and never exchanged for a bad one."""

import shutil
import ssl
from pathlib import Path

import pytest

from config.schema import Tls
from edge.transport.tls import Credentials, TlsError
from tests.support.authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_without_a_certificate_we_only_dial_and_look_closely() -> None:
    credentials = Credentials(None)
    assert credentials.server is None and not credentials.changed()
    assert credentials.client.verify_mode is ssl.CERT_REQUIRED
    assert credentials.client.minimum_version is ssl.TLSVersion.TLSv1_2
    assert Credentials(None, verify=False).client.verify_mode is ssl.CERT_NONE


def test_client_certificates_are_asked_for_when_told(authority: Authority) -> None:
    for asked, mode in ((False, ssl.CERT_NONE), (True, ssl.CERT_REQUIRED)):
        server = Credentials(authority.tls("s", "127.0.0.1", verify_client=asked)).server
        assert server is not None and server.verify_mode is mode


def test_a_new_certificate_is_taken_and_a_bad_one_is_not(authority: Authority, tmp_path: Path) -> None:
    tls = authority.tls("s", "127.0.0.1")
    credentials = Credentials(tls)
    first = credentials.server
    assert not credentials.changed()
    other, key = authority.issue("other", "127.0.0.1")
    shutil.copy(other, tls.certificate)
    assert credentials.changed()
    with pytest.raises(TlsError, match=r"s\.key does not belong to .*s\.pem"):
        credentials.reload()
    assert credentials.server is first and not credentials.changed(), "told once"
    shutil.copy(key, tls.key)
    assert credentials.changed()
    credentials.reload()
    assert credentials.server is not None and credentials.server is not first


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        ("certificate", None, r"certificate: .*s\.pem cannot be read: No such file"),
        ("key", None, r"key: .*s\.key cannot be read"),
        ("ca", None, r"ca: .*ca\.pem cannot be read"),
        ("certificate", "nonsense", r"hold no PEM certificate"),
        ("key", "", r"hold no PEM certificate"),
        ("ca", "nonsense", r"ca\.pem holds no PEM certificate"),
    ],
)
def test_what_is_wrong_with_the_files_is_told(
    authority: Authority, file: str, content: str | None, text: str
) -> None:
    tls = authority.tls("s", "127.0.0.1")
    path: Path = getattr(tls, file)
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(TlsError, match=text):
        Credentials(tls)


def test_a_key_with_a_passphrase_never_asks_at_the_terminal(authority: Authority) -> None:
    tls = authority.tls("s", "127.0.0.1")
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key(tls.key.read_bytes(), None)
    locked = key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.BestAvailableEncryption(b"secret")
    )
    tls.key.write_bytes(locked)
    with pytest.raises(TlsError, match="no passphrase"):
        Credentials(Tls(certificate=tls.certificate, key=tls.key))

"""Data folder, database, certificate."""

import base64
import sqlite3
import ssl
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import Tls
from controlplane.doctor import storage
from controlplane.doctor.finding import Verdict
from controlplane.store.migrate import REVISIONS
from tests.support.database import new_database

Usage = namedtuple("Usage", "total used free")


def free(monkeypatch: pytest.MonkeyPatch, space: int) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: Usage(0, 0, space))


def test_a_folder_is_writable_private_and_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    free(monkeypatch, 5 << 30)
    assert storage.data_folder(tmp_path).verdict is Verdict.OK
    assert "made at the first start" in storage.data_folder(tmp_path / "a" / "b").found
    free(monkeypatch, 500 << 20)
    assert storage.data_folder(tmp_path).verdict is Verdict.WARN
    free(monkeypatch, 1 << 20)
    assert storage.data_folder(tmp_path).verdict is Verdict.FAIL
    free(monkeypatch, 5 << 30)
    tmp_path.chmod(0o755)
    assert "chmod 700" in storage.data_folder(tmp_path).fix
    (tmp_path / "file").touch()
    assert storage.data_folder(tmp_path / "file" / "data").verdict is Verdict.FAIL


def test_the_database_is_new_current_newer_or_broken(tmp_path: Path) -> None:
    assert storage.database(tmp_path).found.startswith("new")
    database = new_database(tmp_path)
    assert storage.database(tmp_path).found == f"schema {REVISIONS[-1]}, current"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert storage.database(tmp_path).fix.startswith("upgrade")
    database.write_bytes(b"x" * 4096)
    broken = storage.database(tmp_path)
    assert broken.verdict is Verdict.FAIL and "restore" in broken.fix


NOW = datetime(2026, 11, 22, tzinfo=UTC)


def pem(tmp_path: Path, validity: bytes) -> Tls:
    """A file that has the two times of a certificate and little else of one."""
    text = base64.encodebytes(b"\x30\x82" + validity + b"\x00" * 20).decode()
    file = tmp_path / "server.pem"
    file.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
    return Tls(certificate=file, key=file)


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        (b"\x17\x0d260101000000Z\x17\x0d270101000000Z", Verdict.OK),
        (b"\x17\x0d260101000000Z\x17\x0d261201000000Z", Verdict.WARN),
        (b"\x17\x0d250101000000Z\x17\x0d261101000000Z", Verdict.FAIL),
        (b"\x18\x0f20260101000000Z\x18\x0f20600101000000Z", Verdict.OK),
        (b"\x17\x0d260101000000Z\x18\x0f20600101000000Z", Verdict.OK),
        (b"", Verdict.WARN),
    ],
)
def test_a_certificate_is_good_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bytes, verdict: Verdict
) -> None:
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", lambda self, certificate, key: None)
    assert storage.certificate(pem(tmp_path, ends), NOW).verdict is verdict


def test_no_certificate_and_an_unreadable_one(tmp_path: Path) -> None:
    assert storage.certificate(None, NOW).verdict is Verdict.OK
    missing = Tls(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    assert storage.certificate(missing, NOW).verdict is Verdict.FAIL
    assert storage.certificate(pem(tmp_path, b""), NOW).verdict is Verdict.FAIL


def test_a_damaged_database_is_found_and_a_slow_look_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert storage.integrity(tmp_path).found == "no database yet"
    database = new_database(tmp_path)
    assert storage.integrity(tmp_path).verdict is Verdict.OK
    monkeypatch.setattr(storage, "trouble", lambda path, seconds: None)
    assert storage.integrity(tmp_path).verdict is Verdict.WARN
    monkeypatch.undo()
    content = bytearray(database.read_bytes())
    content[4096:4160] = b"\xff" * 64
    database.write_bytes(bytes(content))
    damaged = storage.integrity(tmp_path)
    assert damaged.verdict is Verdict.FAIL and "restore" in damaged.fix

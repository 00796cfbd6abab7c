"""Data folder and database."""

import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from controlplane.auth.seal import FILE, Seal
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


def test_the_secret_key_is_whole_and_nobody_elses(tmp_path: Path) -> None:
    assert storage.secret_key(tmp_path).verdict is Verdict.OK
    Seal(tmp_path, bytes).seal(b"x", "y")
    assert storage.secret_key(tmp_path).verdict is Verdict.OK
    key = tmp_path / FILE
    key.chmod(0o644)
    assert storage.secret_key(tmp_path).fix == f"chmod 600 {key}"
    key.write_bytes(b"short")
    assert "restore it" in storage.secret_key(tmp_path).fix
    key.unlink()
    key.mkdir()  # root reads every file
    assert storage.secret_key(tmp_path).verdict is Verdict.FAIL


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

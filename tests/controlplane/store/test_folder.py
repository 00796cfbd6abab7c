"""The data folder belongs to one daemon."""

import os
from pathlib import Path

import pytest

from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder


def test_it_is_made_and_private(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert folder.database.parent == folder.control_socket.parent == folder.path
    folder.close()
    folder.close()


def test_a_second_daemon_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    with pytest.raises(StoreError, match=f"in use by another daemon \\(pid {os.getpid()}\\)"):
        DataFolder.open(tmp_path)
    folder.close()
    DataFolder.open(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="choose another with --data") as caught:
        DataFolder.open(tmp_path / "file" / "data")
    assert "\n" not in str(caught.value)

"""What is stored sealed."""

import errno
import os
from pathlib import Path

import pytest

from controlplane.auth.seal import FILE, Seal, SealError


def test_it_opens_in_its_place_by_its_key_and_nowhere_else(tmp_path: Path) -> None:
    sealed = Seal(tmp_path, os.urandom).seal(b"hush-hush", "acc/users/1")
    assert b"hush" not in sealed and (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert Seal(tmp_path, os.urandom).open(sealed, "acc/users/1") == b"hush-hush"
    for wrong, place in ((sealed, "acc/users/2"), (sealed[:-1], "acc/users/1"), (b"", "acc/users/1")):
        with pytest.raises(SealError, match="restore it"):
            Seal(tmp_path, os.urandom).open(wrong, place)
    assert Seal(tmp_path, os.urandom).seal(b"hush-hush", "acc/users/1") != sealed


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "free space"),
        (errno.EACCES, "mode 0600"),
        (errno.EROFS, "for writing"),
        (errno.EIO, "disk"),
    ],
)
def test_a_key_that_cannot_be_made_is_told_with_what_to_do_and_made_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fix: str
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    seal = Seal(tmp_path, os.urandom)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(SealError, match=fix):
            seal.seal(b"x", "y")
    assert seal.open(seal.seal(b"x", "y"), "y") == b"x"


@pytest.mark.parametrize("content", [None, b"short", bytes(32)])
def test_a_key_that_is_not_the_one_is_told_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    sealed = Seal(tmp_path, os.urandom).seal(b"x", "y")
    (tmp_path / FILE).unlink()
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SealError) as caught:
        Seal(tmp_path, os.urandom).open(sealed, "y")
    assert "\n" not in str(caught.value) and "restore it" in str(caught.value)

"""Generated passwords (design §6)."""

import itertools
import json
import stat
from pathlib import Path

import pytest

from config.account import Account
from controlplane.service.passwords import ALPHABET, FILE, LENGTH, Passwords
from controlplane.store.error import StoreError

ACCOUNT = Account.model_validate(
    {
        "id": "a",
        "domain": "d",
        "users": [
            {"number": "1001"},
            {"number": "1002", "devices": [{"username": "b", "password": "given"}, {}]},
        ],
    }
)


def passwords(folder: Path) -> Passwords:
    letters = itertools.cycle(ALPHABET)
    return Passwords(folder, lambda alphabet: next(letters))


def test_every_device_without_a_password_gets_one(tmp_path: Path) -> None:
    filled = passwords(tmp_path).fill((ACCOUNT,))
    assert set(filled) == {("a", "1001"), ("a", "1002")}
    assert len(set(filled.values())) == 2 and all(len(password) == LENGTH for password in filled.values())


def test_they_are_the_same_after_a_restart_and_private(tmp_path: Path) -> None:
    first = passwords(tmp_path).fill((ACCOUNT,))
    again = Passwords(tmp_path, lambda alphabet: pytest.fail("nothing is missing"))
    assert again.fill((ACCOUNT,)) == first
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_user_that_is_gone_keeps_the_password(tmp_path: Path) -> None:
    first = passwords(tmp_path).fill((ACCOUNT,))
    assert passwords(tmp_path).fill(()) == {}
    assert Passwords(tmp_path, lambda alphabet: "x").fill((ACCOUNT,)) == first


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": 1}', b'{"a": {"b": 1}}', b"\xff"])
def test_a_damaged_file_is_one_line_and_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="move it away"):
        passwords(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    keeper = passwords(tmp_path)
    (tmp_path / "passwords.part").mkdir()
    with pytest.raises(StoreError, match="cannot be kept"):
        keeper.fill((ACCOUNT,))


def test_the_file_is_readable_by_people(tmp_path: Path) -> None:
    passwords(tmp_path).fill((ACCOUNT,))
    assert sorted(json.loads((tmp_path / FILE).read_text())["a"]) == ["1001", "1002"]

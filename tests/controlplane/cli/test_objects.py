"""`tandem users`, `tandem export` and `tandem import` over the control socket of a daemon."""

import errno
import json
import os
from pathlib import Path

import pytest
import yaml

from edge.directory import AccountId
from tests.support.administration import office
from tests.support.database import Database
from tests.support.operator import operator, tandem_beside

ACC = AccountId("acc_demo")


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


async def test_users_are_made_exported_removed_and_taken_in_again(database: Database, tmp_path: Path) -> None:
    async with office(database) as site, operator(site.store, database.folder, site.operator()):

        async def run(*words: str) -> tuple[int, str]:
            result = await tandem_beside(*words, TANDEM_DATA=str(database.folder))
            return result.exit_code, result.output

        words = ("--name", "Carol", "--username", "carol")
        status, text = await run("users", "create", "acc_demo", "1003", *words)
        assert status == 0 and "username carol, password " in text
        device = site.directory.device(ACC, "carol")
        assert device is not None
        status, text = await run("users", "create", "acc_demo", "1003")
        assert status == 1 and "already" in text
        status, text = await run("users", "create", "acc_demo", "1001")
        assert status == 1 and "configuration file" in text
        _, text = await run("users", "list", "acc_demo")
        assert "carol" in text and "Alice" in text and "api" in text
        for name in ("all.yaml", "all.json"):
            file = tmp_path / name
            status, text = await run("export", str(file), "--secrets")
            assert status == 0 and file.stat().st_mode & 0o777 == 0o600
            found = (
                json.loads(file.read_text()) if name.endswith("json") else yaml.safe_load(file.read_text())
            )
            assert found["accounts"][0]["users"][0]["name"] == "Carol"
            status, text = await run("users", "remove", "acc_demo", "1003")
            assert status == 0 and site.directory.device(ACC, "carol") is None
            status, text = await run("import", str(file), "--dry-run")
            assert status == 0 and text.startswith("+ acc_demo/users/1003\n1 changes would be made")
            assert site.directory.device(ACC, "carol") is None
            status, text = await run("import", str(file))
            assert status == 0 and "1 changes made" in text
            assert site.directory.device(ACC, "carol") == device
            status, text = await run("import", str(file))
            assert status == 0 and "0 changes made, 1 objects unchanged" in text
        for place, why in ((tmp_path / "none" / "x.yaml", "No such file"), (tmp_path, "Is a directory")):
            status, text = await run("export", str(place))
            assert status != 0 and "Traceback" not in text and (why in text or "directory" in text)
        file.chmod(0o644)
        with pytest.MonkeyPatch.context() as full:
            full.setattr(Path, "replace", lambda part, to: _fail(errno.ENOSPC))
            before = file.read_text()
            status, text = await run("export", str(file))
            assert status == 1 and "No space left on device; nothing was changed" in text
            assert file.read_text() == before and not list(tmp_path.glob("*.part"))
        await run("export", str(file), "--secrets")
        assert file.stat().st_mode & 0o777 == 0o600, "an older file's rights are not kept"
        _, text = await run("export")
        assert (await run("export", "-"))[1] == text
        assert "carol" in text and "password" not in text and yaml.safe_load(text)["accounts"]
        (tmp_path / "bad.yaml").write_text("nothing: here")
        (tmp_path / "text.yaml").write_text("just text")
        for bad, why in (
            ("bad.yaml", "no `accounts`; `tandem export` shows what one looks like"),
            ("text.yaml", "no `accounts`"),
            ("none.yaml", "No such file or directory"),
        ):
            status, text = await run("import", str(tmp_path / bad))
            assert status == 1 and why in text

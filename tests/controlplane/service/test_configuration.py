"""Reading the configuration again while the daemon runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from config.account import Account
from config.load import parse
from config.schema import Settings
from controlplane.service.configuration import Configuration, reload_all
from controlplane.service.directory import MemoryDirectory
from controlplane.service.passwords import Passwords
from edge.directory import AccountId

ACC = AccountId("acc_demo")
BEFORE = """
accounts:
  - {id: acc_demo, domain: demo.local, users: [{number: "1001"}], limits: {max_in: 1}}
"""
AFTER = """
gates: {admin_token: new}
accounts:
  - {id: acc_demo, domain: demo.local, users: [{number: "1001"}, {number: "1002"}], limits: {max_in: 5}}
  - {id: acc_more, domain: more.local}
"""


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = BEFORE
        self.passwords = Passwords(folder, lambda alphabet: alphabet[0])
        settings = self.read()
        self.directory = self.make(settings.accounts, self.passwords.fill(settings.accounts))
        self.taken: list[Sequence[Account]] = []
        self.configuration = Configuration(
            settings, self.read, self.passwords, self.make, self.directory, self.taken.append
        )

    def read(self) -> Settings:
        return parse(self.text, "test.yaml", self.folder, {})

    def make(self, accounts: Sequence[Account], passwords: Mapping[tuple[str, str], str]) -> MemoryDirectory:
        return MemoryDirectory(accounts, passwords, set(), {})


async def test_new_users_and_limits_hold_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.directory.device(ACC, "1001")
    desk.text = AFTER
    with structlog.testing.capture_logs() as logs:
        assert await desk.configuration.reload() == ""
    assert desk.directory.user(ACC, "1002") is not None and desk.directory.device(ACC, "1001") == before
    account = desk.directory.account(ACC)
    assert account is not None and account.max_in == 5 and len(desk.taken[0]) == 2
    waits = ["gates.admin_token was changed: restart the daemon to use it"]
    logged = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert desk.configuration.notes() == logged == waits


async def test_what_waits_for_a_restart_is_told_until_the_file_says_again_what_runs(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "new.onnx").touch()
    desk.text = f"media: {{models: {{silero: new.onnx}}}}\n{BEFORE}"
    for _ in range(2):
        assert await desk.configuration.reload() == ""
        assert desk.configuration.notes() == ["media.models.silero was changed: restart the daemon to use it"]
    desk.text = BEFORE
    await desk.configuration.reload()
    assert desk.configuration.notes() == []


async def test_what_is_gone_from_the_file_is_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for desk.text in (AFTER, BEFORE):
        with structlog.testing.capture_logs():
            await desk.configuration.reload()
    assert desk.directory.user(ACC, "1002") is None and desk.directory.account(AccountId("acc_more")) is None


async def test_a_file_that_is_wrong_changes_nothing_and_says_why(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.text = AFTER.replace("max_in: 5", "max_in: many")
    with structlog.testing.capture_logs():
        why = await desk.configuration.reload()
    assert "test.yaml" in why and "max_in" in why
    assert desk.directory.user(ACC, "1002") is None and desk.taken == []


async def test_one_part_that_fails_keeps_no_other_from_it() -> None:
    async def later() -> str:
        return "no"

    assert await reload_all([lambda: "bad", later, lambda: ""]) == ["bad", "no", ""]

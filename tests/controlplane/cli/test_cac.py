"""`tandem cac show|reset` over the control socket of a daemon (S004-57…61)."""

import json
from pathlib import Path

from tests.support.control import control
from tests.support.directory import FakeDirectory
from tests.support.operator import operator, tandem, tandem_beside


async def test_an_operator_sees_and_resets_channels(tmp_path: Path) -> None:
    directory = FakeDirectory(max_in=5)
    directory.add_did("12025550123", "flow", "reception", max_channels=3)
    async with control(tmp_path, directory) as site, operator(site.store, tmp_path, site.operator_routes):
        site.outside.route("14155550100", "12025550123")

        async def run(*words: str) -> tuple[int, str, str]:
            result = await tandem_beside("cac", *words, TANDEM_DATA=str(tmp_path))
            return result.exit_code, result.stdout, result.stderr

        status, text, _ = await run("show", "acc_demo")
        assert status == 0 and "did 12025550123" in text and "14155550100 → 12025550123" in text
        _, text, _ = await run("show", "acc_demo", "--json")
        assert json.loads(text)["counters"]["in"] == 1
        status, text, _ = await run("reset", "acc_demo")
        assert status == 0 and "before" in text and "without being live" in text
        _, text, _ = await run("reset", "acc_demo", "--json")
        assert json.loads(text)["repaired"] == 0
        status, _, error = await run("show", "acc_x")
        assert (status, error) == (
            1,
            "tandem: there is no account acc_x; name one by its id (there are acc_demo)\n",
        )


def test_without_a_daemon_or_an_account(tmp_path: Path) -> None:
    assert tandem("cac", "show", "acc_demo", "--data", str(tmp_path)).exit_code == 1
    assert tandem("cac", "reset").exit_code == 2

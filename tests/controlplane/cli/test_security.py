"""`tandem bans` and `tandem allow` over the control socket of a daemon."""

import json
from pathlib import Path

import structlog

from controlplane.api.security import SecurityRoutes
from tests.support.desk import desk
from tests.support.operator import operator, tandem, tandem_beside


async def test_an_operator_bans_lists_and_lifts(tmp_path: Path) -> None:
    # The log of this process would be mixed with what the command says.
    with structlog.testing.capture_logs():
        await _work(tmp_path)


async def _work(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        for _ in range(10):
            made.shield.failed("192.0.2.66", "1001", "[bold]sipcli", made.now)
        routes = SecurityRoutes(made.service, 100_000).operator()
        async with operator(made.store, tmp_path, routes):

            async def run(*words: str) -> tuple[int, str, str]:
                result = await tandem_beside(*words, TANDEM_DATA=str(tmp_path))
                return result.exit_code, result.stdout, result.stderr

            assert await run("bans", "add", "10.1.0.0/16", "--note", "noise") == (
                0,
                "10.1.0.0/16 is banned\n",
                "",
            )
            status, table, _ = await run("bans", "list")
            assert status == 0 and "failed_auth" in table and "[bold]sipcli" in table and "noise" in table
            made.shield.registered("192.0.2.7", made.now + 600.0, made.now, "1002")
            for _ in range(10):
                made.shield.failed("192.0.2.7", "1001@demo.local", "Phone 1", made.now)
            _, table, _ = await run("bans", "list")
            assert "username_locked" in table and "1001@demo.local" in table
            assert (await run("bans", "remove", "192.0.2.7"))[1] == "192.0.2.7 is not banned any more\n"
            assert "username_locked" not in (await run("bans", "list"))[1]
            _, text, _ = await run("bans", "list", "--query", "192.", "--json")
            assert [row["ip"] for row in json.loads(text)["bans"]] == ["192.0.2.66"]
            assert (await run("bans", "remove", "10.1.0.0/16"))[1] == "10.1.0.0/16 is not banned any more\n"
            status, _, error = await run("bans", "remove", "10.1.0.0/16")
            assert status == 1 and error.startswith("tandem: 10.1.0.0/16 is not banned")
            _, everything, _ = await run("bans", "list", "--status", "all")
            assert "unbanned" in everything
            assert (await run("allow", "add", "192.0.2.0/24", "--note", "office"))[
                1
            ] == "192.0.2.0/24 is allowed\n"
            assert not made.shield.refuses("192.0.2.66", made.now)
            _, table, _ = await run("allow", "list")
            assert "configuration" in table and "office" in table
            _, text, _ = await run("allow", "remove", "192.0.2.0/24", "--json")
            assert json.loads(text) == {"ip": "192.0.2.0/24", "removed": True}
            status, text, _ = await run("allow", "add", "nonsense", "--json")
            assert status == 1 and json.loads(text)["error"] == "bad_address"


def test_without_a_daemon_it_is_one_line_and_1(tmp_path: Path) -> None:
    for words in (
        ("bans", "list"),
        ("allow", "list"),
        ("bans", "add", "10.0.0.1"),
        ("allow", "remove", "10.0.0.1"),
    ):
        result = tandem(*words, "--data", str(tmp_path))
        assert result.exit_code == 1 and result.stderr.count("\n") == 1


def test_bad_usage_is_2(tmp_path: Path) -> None:
    assert tandem("bans", "add").exit_code == 2
    assert tandem("bans", "list", "--status", "odd").exit_code == 2
    assert tandem("bans", "add", "10.0.0.1", "--seconds", "0").exit_code == 2

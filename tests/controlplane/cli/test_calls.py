"""`tandem calls` over the control socket of a daemon."""

import json
from pathlib import Path

from config.schema import StoreLimits
from controlplane.api.refused import RefusedRoutes
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import new_database
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone
from tests.support.journal import cdr, open_call
from tests.support.operator import operator, tandem, tandem_beside


async def test_live_calls_come_first(tmp_path: Path) -> None:
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1_000)
    store.journal.opened(open_call("call_live", started_at=9_000))
    store.journal.closed(cdr("call_old", started_at=1_000))
    store.journal.closed(
        cdr(
            "call_busy",
            started_at=5_000,
            answered_at=None,
            disposition="busy",
            cause="callee_busy",
            sip_status=486,
        )
    )
    async with operator(store, tmp_path):
        result = await tandem_beside("calls", "--data", str(tmp_path))
        as_json = await tandem_beside("calls", "--json", "--limit", "1", TANDEM_DATA=str(tmp_path))
        other = await tandem_beside("calls", "--account", "acc_x", "--data", str(tmp_path))
    assert other.exit_code == 1 and "there is no account acc_x (there are none)" in other.stderr
    assert result.exit_code == 0
    _, live, busy, old = result.output.splitlines()
    assert "call_live" in live and live.rstrip().endswith("live")
    assert busy.rstrip().endswith("busy (callee_busy), 486")
    assert "agent:demo" in old and "0:04" in old and old.rstrip().endswith("answered (caller_hangup)")
    listed = json.loads(as_json.output)
    assert [row["id"] for row in listed["live"] + listed["ended"]] == ["call_live", "call_busy"]
    await store.close()


def test_without_a_daemon_it_is_one_line_and_1(tmp_path: Path) -> None:
    result = tandem("calls", "--data", str(tmp_path))
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr == (
        f"tandem: no daemon runs on the data folder {tmp_path}; start it with `tandem serve`, "
        "or name its folder with --data\n"
    )
    as_json = json.loads(tandem("calls", "--json", "--data", str(tmp_path)).stdout)
    assert as_json["error"] == "not_running"


async def test_what_was_turned_away_is_listed_with_its_fix(tmp_path: Path) -> None:
    """S004-62."""
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory)
    Phone(bench, "1001").say("INVITE", "sip:*43@demo.local")
    new_database(tmp_path)
    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1_000)
    routes = RefusedRoutes(bench.switch.logbook.attempts, 100).operator()
    async with operator(store, tmp_path, routes):
        shown = await tandem_beside("calls", "--refused", "--data", str(tmp_path), COLUMNS="400")
        as_json = await tandem_beside("calls", "--refused", "--json", "--data", str(tmp_path))
    _, line = shown.output.splitlines()
    assert "call-1001-2" in line and "401 no_credentials" in line and "auth.ip" in line
    assert json.loads(as_json.output)["refused"][0]["who"] == "1001@demo.local"
    await store.close()

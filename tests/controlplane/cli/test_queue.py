"""`tandem agents` and `tandem queues` over the control socket of a daemon."""

import json
from pathlib import Path

from controlplane.cli.queue import callback_table, day_table
from edge.acd.terms import QueueTerms
from tests.support.control import control
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone
from tests.support.operator import operator, tandem, tandem_beside


def house() -> FakeDirectory:
    directory = FakeDirectory()
    for number in ("1001", "1002"):
        directory.add_user(number)
    directory.queue_terms = {name: QueueTerms(name, f"q_{name}") for name in ("sales", "support")}
    return directory


async def test_people_sign_in_pause_and_are_listed_with_their_queues(tmp_path: Path) -> None:
    async with control(tmp_path, house()) as site, operator(site.store, tmp_path, site.operator_routes):

        async def run(*words: str) -> tuple[int, str]:
            result = await tandem_beside(*words, TANDEM_DATA=str(tmp_path))
            return result.exit_code, result.output

        words = ("agents", "login", "acc_demo", "1001", "--queue", "sales:3", "--queue", "support")
        status, text = await run(*words)
        assert (status, text) == (0, "1001 is on_break in sales:3, support; no phone is registered\n")
        Phone(site.bench, "1001", 3).register()
        assert await run("agents", "available", "acc_demo", "1001") == (
            0,
            "1001 is available in sales:3, support\n",
        )
        _, text = await run("queues", "list", "acc_demo")
        assert "sales" in text and "1 of 1" in text
        assert (await run("agents", "pause", "acc_demo", "1001", "--reason", "lunch"))[0] == 0
        _, text = await run("agents", "list", "acc_demo")
        assert "paused" in text and "lunch" in text and "1 paused" in text and "1 offline" in text
        assert (await run("agents", "resume", "acc_demo", "1001"))[1].startswith("1001 is available")
        assert (await run("agents", "logout", "acc_demo", "1001"))[1].startswith("1001 is offline")
        _, text = await run("queues", "list", "acc_demo", "--json")
        assert [one["name"] for one in json.loads(text)["queues"]] == ["sales", "support"]
        for words in (
            ("agents", "login", "acc_demo", "1001", "--queue", "none"),
            ("agents", "list", "acc_x"),
            ("queues", "days", "acc_demo", "--since", "yesterday"),
            ("queues", "withdraw", "acc_demo", "cb_1"),
        ):
            assert (await run(*words))[0] == 1
        assert (await run("agents", "resume", "acc_demo", "1001", "--reason", "x"))[0] == 2, "of pauses alone"
        assert (await run("queues", "days", "acc_demo", "--since", "2026-11-01"))[0] == 0
        assert (await run("queues", "callbacks", "acc_demo", "--queue", "sales"))[0] == 0


def test_days_and_promises_are_tables() -> None:
    day = {"day": "2026-11-28", "name": "sales", "joined": 4, "answered": 3, "abandoned": 1, "missed": 2}
    made = day_table({"days": [day | {"service_level": 0.75, "average_wait": 4.04}]})
    assert [next(iter(column.cells)).plain for column in made.columns][-2:] == ["75%", "4.0 s"]  # type: ignore[union-attr]
    promise = {"id": "cb_1", "queue": "sales", "number": "14155550100", "state": "waiting", "position": 1}
    more = {"promised_at": 1_795_900_000_000, "tries": 0, "reason": ""}
    assert callback_table({"callbacks": [promise | more]}).row_count == 1


def test_without_a_daemon_there_is_nobody(tmp_path: Path) -> None:
    assert tandem("agents", "list", "acc_demo", "--data", str(tmp_path)).exit_code == 1

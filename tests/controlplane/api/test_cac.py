"""`GET /cac` and `POST /cac/reset` (S004-57…61)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.control import Control, control
from tests.support.directory import FakeDirectory


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Control]:
    directory = FakeDirectory(max_in=5)
    directory.add_did("12025550123", "flow", "reception", max_channels=3)
    async with control(tmp_path, directory) as made:
        yield made


async def test_counters_limits_and_calls_of_an_account(site: Control) -> None:  # S004-57 S004-59
    site.outside.route("14155550100", "12025550123")
    for client in (site.public, site.operator):
        found = (await client.get("/cac?accountId=acc_demo")).json()
        assert found["account_id"] == "acc_demo"
        assert found["counters"] == {"in": 1, "out": 0, "dialer": 0}
        assert found["limits"] == {"max_in": 5, "max_out": None, "max_dialer": None, "reserve_in": 0}
        assert found["dids"] == {"12025550123": {"id": "did_12025550123", "count": 1, "limit": 3}}
        assert found["users"] == found["trunks"] == {} and found["windows"] == []
        (call,) = found["calls"]
        assert (call["callId"], call["direction"], call["from"], call["to"], call["since"]) == (
            "c1",
            "in",
            "14155550100",
            "12025550123",
            1_000,
        )


@pytest.mark.parametrize("form", [False, True])
async def test_a_reset_answers_before_and_after(site: Control, form: bool) -> None:  # S004-58 S004-61
    site.outside.route("14155550100", "12025550123")
    fields = {"accountId": "acc_demo"}
    response = await (
        site.public.post("/cac/reset", data=fields) if form else site.public.post("/cac/reset", json=fields)
    )
    found = response.json()
    assert found["before"]["counters"] == found["after"]["counters"] == {"in": 1, "out": 0, "dialer": 0}
    assert found["repaired"] == 0


async def test_unknown_accounts_and_missing_names(site: Control) -> None:
    assert (await site.public.get("/cac")).status_code == 400
    assert (await site.public.get("/cac?accountId=acc_x")).json()["error"] == "no_such_account"
    assert (await site.public.post("/cac/reset", json={"accountId": "acc_x"})).status_code == 404
    assert (await site.public.post("/cac/reset", json={})).status_code == 400
    assert (await site.far.get("/cac?accountId=acc_demo")).status_code == 403

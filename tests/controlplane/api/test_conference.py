"""Conferences over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.directory import Target
from tests.support.control import Control, control
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone, final


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Control]:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.extensions["8000"] = Target("conference", "board")
    async with control(tmp_path, directory) as made:
        phone = Phone(made.bench, "1001")
        phone.ack(final(phone.dial("8000")))
        yield made


async def test_a_room_is_listed_locked_and_its_member_muted_and_sent_away(site: Control) -> None:
    found = (await site.public.get("/conferences?accountId=acc_demo")).json()
    (room,) = found["conferences"]
    (member,) = room["members"]
    assert room["name"] == "board" and member["number"] == "1001"
    body = {"accountId": "acc_demo", "locked": True}
    assert (await site.public.post("/conferences/board", json=body)).json()["locked"]
    body = {"accountId": "acc_demo", "muted": True}
    path = "/conferences/board/members/1001"
    assert (await site.public.post(path, json=body)).json()["muted"]
    one = (await site.public.get("/conferences/board?accountId=acc_demo")).json()
    assert one["locked"] and one["members"][0]["muted"]
    assert (await site.public.delete(f"{path}?accountId=acc_demo")).json() == {"kicked": member["call"]}
    assert (await site.public.get("/conferences/board?accountId=acc_demo")).status_code == 404


async def test_bad_questions_are_refused_and_strangers_too(site: Control) -> None:
    assert (await site.public.get("/conferences")).status_code == 400
    assert (await site.public.get("/conferences?accountId=acc_x")).json()["error"] == "no_such_account"
    assert (await site.public.post("/conferences/board", json={"accountId": "acc_demo"})).status_code == 400
    bad = {"accountId": "acc_demo", "mute": True}
    assert (await site.public.post("/conferences/board/members/1001", json=bad)).status_code == 400
    assert (await site.far.get("/conferences?accountId=acc_demo")).status_code == 403
    assert (await site.far.delete("/conferences/board/members/1001?accountId=acc_demo")).status_code == 403

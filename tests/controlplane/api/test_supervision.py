"""Supervisors and recordings of live calls over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.control import Control, control
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone, final


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Control]:
    directory = FakeDirectory()
    for number in ("1001", "1002", "1005"):
        directory.add_user(number)
    async with control(tmp_path, directory) as made:
        bob, alice, chief = (
            Phone(made.bench, "1002", 3),
            Phone(made.bench, "1001"),
            Phone(made.bench, "1005", 5),
        )
        for phone in (bob, chief):
            phone.register()
        alice.dial("1002")
        bob.reply(bob.got()[0], 200, bob.sdp())  # type: ignore[arg-type]
        alice.ack(final(alice.got()))
        yield made


async def test_a_supervisor_is_rung_changed_and_sent_away(site: Control) -> None:
    (call,) = site.bench.switch.calls.values()
    path, of = f"/calls/{call.id}/supervisors", {"accountId": "acc_demo"}
    begun = await site.public.post(path, json={**of, "user": "1005", "mode": "whisper"})
    assert begun.status_code == 201 and begun.json()["mode"] == "whisper"
    changed = await site.public.post(f"{path}/1005", json={**of, "mode": "barge"})
    assert changed.json()["mode"] == "barge"
    shown = (await site.public.get(f"{path}?accountId=acc_demo")).json()
    assert shown["recording"]["state"] == "off" and len(shown["supervisors"]) == 1
    assert (await site.public.delete(f"{path}/1005?accountId=acc_demo")).status_code == 200
    again = await site.public.delete(f"{path}/1005?accountId=acc_demo")
    assert again.json()["error"] == "no_such_supervisor"


async def test_a_call_is_recorded_paused_and_let_be(site: Control) -> None:
    (call,) = site.bench.switch.calls.values()
    for state in ("on", "pause", "off"):
        turned = await site.public.post(
            f"/calls/{call.id}/recording", json={"accountId": "acc_demo", "state": state}
        )
        assert turned.json()["recording"]["state"] == state


async def test_bad_questions_and_strangers_are_refused(site: Control) -> None:
    (call,) = site.bench.switch.calls.values()
    path = f"/calls/{call.id}/supervisors"
    assert (await site.public.get(path)).status_code == 400
    assert (await site.public.get(f"{path}?accountId=acc_x")).status_code == 404
    bad = {"accountId": "acc_demo", "user": "1005", "mode": "shout"}
    assert (await site.public.post(path, json=bad)).status_code == 400
    assert (await site.far.post(path, json={**bad, "mode": "listen"})).status_code == 403
    far = await site.far.post(f"/calls/{call.id}/recording", json={"accountId": "acc_demo", "state": "on"})
    assert far.status_code == 403


async def test_a_call_is_transferred_warm(site: Control) -> None:
    (call,) = site.bench.switch.calls.values()
    path, body = f"/calls/{call.id}/transfer", {"accountId": "acc_demo", "to": "user:1005"}
    begun = await site.public.post(path, json={**body, "briefing": "About the invoice."})
    assert begun.status_code == 202 and begun.json() == {"call": call.id, "to": "user:1005"}
    assert (await site.public.post(path, json=body)).status_code == 409
    assert (await site.public.post("/calls/none/transfer", json=body)).status_code == 404
    assert (await site.public.post(path, json={"accountId": "acc_demo"})).status_code == 400

"""`GET /callbacks` and `DELETE /callbacks/{id}`."""

from pathlib import Path

from edge.acd.terms import QueueTerms
from edge.flow.command import Pledge
from tests.support.control import Control, control
from tests.support.directory import ACC, FakeDirectory

NUMBER = "+12025550199"


def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.queue_terms["support"] = QueueTerms("support", "q_1")
    made.add_trunk("carrier", default=True)
    return made


async def promise(site: Control, number: str = NUMBER) -> str:
    return str((await site.callbacks.promise(ACC, Pledge("support", number, "call_1", "Ann")))["id"])


async def test_callbacks_are_listed_with_their_place_and_withdrawn(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        first, second = await promise(site), await promise(site, "+12025550198")
        found = (await site.public.get("/callbacks?accountId=acc_demo&queue=q_1")).json()["callbacks"]
        assert [(one["id"], one["position"], one["state"]) for one in found] == [
            (first, 1, "waiting"),
            (second, 2, "waiting"),
        ]
        assert (found[0]["number"], found[0]["name"], found[0]["promised_in"]) == (NUMBER, "Ann", "call_1")
        gone = await site.public.delete(f"/callbacks/{first}?accountId=acc_demo")
        assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
        again = await site.public.delete(f"/callbacks/{first}?accountId=acc_demo")
        assert (again.status_code, again.json()["error"]) == (404, "no_such_callback")
        left = (await site.public.get("/callbacks?accountId=acc_demo")).json()["callbacks"]
        assert [(one["id"], one["state"]) for one in left] == [(second, "waiting"), (first, "withdrawn")]


async def test_callbacks_are_counted_with_their_queue(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        await promise(site)
        (queue,) = (await site.public.get("/queues?accountId=acc_demo")).json()["queues"]
        assert (queue["callbacks"]["waiting"], queue["callbacks"]["promised"]) == (1, 1)
        assert [(one["position"], one["callback"]) for one in queue["waiting"]] == [(1, True)]


async def test_strangers_and_other_accounts_learn_nothing(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        id = await promise(site)
        assert (await site.far.get("/callbacks?accountId=acc_demo")).status_code == 403
        assert (await site.far.delete(f"/callbacks/{id}?accountId=acc_demo")).status_code == 403
        assert (await site.public.delete(f"/callbacks/{id}?accountId=acc_x")).status_code == 404
        assert (await site.public.get("/callbacks")).status_code == 400
        assert (await site.public.get("/callbacks?accountId=acc_x")).json()["error"] == "no_such_account"

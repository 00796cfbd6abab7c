"""`GET /queues`."""

from pathlib import Path

from edge.acd.terms import QueueTerms
from tests.support.control import control
from tests.support.directory import FakeDirectory


async def test_queues_are_shown_by_account(tmp_path: Path) -> None:
    directory = FakeDirectory()
    directory.queue_terms["support"] = QueueTerms("support", "q_1")
    async with control(tmp_path, directory) as site:
        found = await site.public.get("/queues?accountId=acc_demo")
        assert found.json()["queues"][0]["name"] == "support"
        assert (await site.public.get("/queues")).status_code == 400
        assert (await site.public.get("/queues?accountId=x")).json()["error"] == "no_such_account"
        assert (await site.far.get("/queues?accountId=acc_demo")).status_code == 403

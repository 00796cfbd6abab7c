"""Callbacks for operators, and for edges that carry calls themselves."""

import asyncio
from pathlib import Path

from edge.acd.terms import QueueTerms
from edge.flow.command import Pledge
from tests.support.control import Control, control
from tests.support.directory import ACC, FakeDirectory

PLEDGE = Pledge("support", "+12025550199", "call_1")


def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.queue_terms["support"] = QueueTerms("support", "q_1")
    made.add_trunk("carrier", default=True)
    return made


async def test_a_promise_is_told_once_it_is_on_disk(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        reply = await site.callbacks.promise(ACC, PLEDGE)
        assert reply["status"] == 200 and str(reply["id"]).startswith("cb_")


async def test_a_refusal_is_told_to_who_asked(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        reply = await site.callbacks.promise(ACC, Pledge("support", "911"))
        assert (reply["status"], reply["code"]) == (403, "emergency_number")


async def test_who_asks_twice_at_once_is_told_of_one(tmp_path: Path) -> None:
    def ids(site: Control) -> list[object]:
        shown = site.callbacks.list(ACC)
        assert isinstance(shown, dict)
        return [one["id"] for one in shown["callbacks"]]  # type: ignore[attr-defined]

    async with control(tmp_path, directory()) as site:
        replies = await asyncio.gather(*(site.callbacks.promise(ACC, PLEDGE) for _ in range(3)))
        assert len({reply["id"] for reply in replies}) == 1 and len(ids(site)) == 1

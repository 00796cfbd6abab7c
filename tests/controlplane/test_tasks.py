"""Background tasks of the daemon."""

import asyncio

from controlplane.tasks import Tasks


async def test_a_task_that_fails_ends_alone() -> None:
    done = asyncio.Event()

    async def fail() -> None:
        raise ValueError("ours")

    async def work() -> int:
        await asyncio.sleep(0)
        done.set()
        return 7

    async with Tasks() as tasks:
        failed, worked = tasks.create_task(fail()), tasks.create_task(work())
    assert done.is_set() and failed.result() is None and worked.result() == 7


async def test_leaving_waits_for_what_is_under_way() -> None:
    ended = list[str]()

    async def work() -> None:
        await asyncio.sleep(0.01)
        ended.append("work")

    async with Tasks() as tasks:
        tasks.create_task(work())
    assert ended == ["work"]

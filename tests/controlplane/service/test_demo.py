"""The demo agent's process: started, watched, started again."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.agent import BUILTIN_DEMO
from controlplane.service.demo import DemoAgent

SAYS_ITS_URL = 'import sys; print(\'{"url": "ws://127.0.0.1:1/"}\', flush=True); sys.stdin.read()'


@asynccontextmanager
async def running(program: str) -> AsyncIterator[DemoAgent]:
    agent = DemoAgent((sys.executable, "-c", program), backoff=(0.01,))
    task = asyncio.create_task(agent.run())
    try:
        yield agent
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(condition, timeout: float = 10.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)


async def test_its_first_line_says_where_it_listens() -> None:
    async with running(SAYS_ITS_URL) as agent:
        await agent.tried.wait()
        assert agent.urls == {BUILTIN_DEMO: "ws://127.0.0.1:1/"}
    assert agent.urls == {}


async def test_it_is_started_again_when_it_ends() -> None:
    async with running('print(\'{"url": "ws://127.0.0.1:1/"}\')') as agent:
        await until(lambda: agent.starts >= 3)


@pytest.mark.parametrize("program", ["print('good morning')", "print('[]')", "raise SystemExit(3)"])
async def test_what_says_no_url_is_no_agent(program: str) -> None:
    async with running(program) as agent:
        await until(lambda: agent.starts >= 2)
        assert agent.urls == {}

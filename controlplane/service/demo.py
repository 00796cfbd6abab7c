"""The built-in demo agent: a bot in its own process behind a real WebSocket, watched and started again."""

import asyncio
import json
import sys
from typing import Final

import structlog

from config.agent import BUILTIN_DEMO

COMMAND: Final = (sys.executable, "-m", "media.agent.demo", "--host", "127.0.0.1", "--port", "0")

_START_SECONDS: Final = 20.0
_BACKOFF: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"Pauses before it is started again [s]; the last one is repeated."

_log = structlog.get_logger(__name__)


class DemoAgent:
    """`urls` holds where it listens, while it does."""

    def __init__(self, command: tuple[str, ...] = COMMAND, backoff: tuple[float, ...] = _BACKOFF) -> None:
        self.urls: dict[str, str] = {}
        "`builtin:demo` → `ws://…`; empty while it is not up."
        self.starts = 0
        self.tried = asyncio.Event()
        "Set once the first start has gone well, or has not."
        self._command = command
        self._backoff = backoff

    async def run(self) -> None:
        """Keep it running until cancelled."""
        failures = 0
        while True:
            self.starts += 1
            child = await self._start()
            try:
                url = await self._url(child)
                if url:
                    failures = 0
                    self.urls[BUILTIN_DEMO] = url
                self.tried.set()
                status = await child.wait() if url else None
            finally:
                self.urls.clear()
                await _surely_end(child)
            pause = self._backoff[min(failures, len(self._backoff) - 1)]
            failures += 1
            _log.warning("the demo agent stopped", status=status, again_in=pause)
            await asyncio.sleep(pause)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=None)
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # A start cannot be taken back half way: the child is there, and has to be ended.
            await _end(await starting)
            raise

    async def _url(self, child: asyncio.subprocess.Process) -> str:
        """Its first line, `{"url": …}`; empty when it does not come up."""
        assert child.stdout is not None, "its output is a pipe"
        try:
            async with asyncio.timeout(_START_SECONDS):
                line = await child.stdout.readline()
            return str(json.loads(line)["url"])
        except (TimeoutError, ValueError, KeyError, TypeError):
            return ""


async def _surely_end(child: asyncio.subprocess.Process) -> None:
    """`_end`, to its end also when cancelled meanwhile."""
    ending = asyncio.ensure_future(_end(child))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await ending
        raise


async def _end(child: asyncio.subprocess.Process) -> None:
    """Closing its input asks it to go; after a second it is made to."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        async with asyncio.timeout(1.0):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()

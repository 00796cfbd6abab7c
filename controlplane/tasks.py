"""The owner of the daemon's background tasks: a fault of one ends that one, never the calls of all."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Tasks(asyncio.TaskGroup):
    """A task group whose tasks cannot bring it down: what they raise is logged with its traceback."""

    def create_task(  # type: ignore[override]  # a failed task ends with None
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[T | None]:
        return super().create_task(_guarded(coro), name=name, context=context)


async def _guarded(work: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await work
    except Exception:
        _log.exception("a task failed", task=getattr(work, "__qualname__", repr(work)))
        return None

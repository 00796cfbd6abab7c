"""Logs: one JSON object a line, or colours on a terminal; standard library loggers included.

`structlog.contextvars.bound_contextvars(call_id=…)` puts the call on every line of its task.
"""

import logging
import sys
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRETS: Final = frozenset({"password", "token", "admin_token", "authorization", "x-admin-token", "ha1"})


def set_up(*, level: str = "INFO", json: bool | None = None, stream: TextIO = sys.stderr) -> None:
    """Once per process. Args: json: None means JSON unless `stream` is a terminal."""
    as_json = not stream.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumps)]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # Ours and asyncio's warnings are for the operator; what servers say of each connection is not.
    for chatty in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "websockets",
        "media.agent.socket",  # handed to picows
        "alembic",
        "aiosqlite",
    ):
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))


def hide_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for key in event.keys() & _SECRETS:
        event[key] = "…"
    return event


def _dumps(event: object, **options: Any) -> str:
    # Numbers of any size, objects of any kind: a log line never fails.
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return orjson.dumps(repr(event).encode("utf-8", "replace").decode()).decode()

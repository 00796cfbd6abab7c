"""Log lines (style §2, logs and trace)."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog

from controlplane.observe.log import set_up
from controlplane.observe.pii import Pii


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_is_one_json_object(stream: io.StringIO) -> None:
    set_up(stream=stream)
    with structlog.contextvars.bound_contextvars(call_id="call_1"):
        structlog.get_logger().info("call answered", caller=Pii("+12025550123"), big=1 << 80)
    line = stream.getvalue()
    assert line.count("\n") == 1
    entry = orjson.loads(line) if line.startswith("{") else None
    if entry is not None:
        assert entry["call_id"] == "call_1"
    assert "1202555" not in line and "call answered" in line


def test_its_fields(stream: io.StringIO) -> None:
    set_up(stream=stream)
    structlog.get_logger().warning("odd", caller=Pii("+12025550123"), password="s3cret", token="t")
    entry = orjson.loads(stream.getvalue())
    assert entry["event"] == "odd" and entry["level"] == "warning" and entry["timestamp"].endswith("Z")
    assert entry["caller"] == "…23" and entry["password"] == entry["token"] == "…"


def test_the_standard_library_logs_the_same_way(stream: io.StringIO) -> None:
    set_up(stream=stream)
    logging.getLogger("asyncio").warning("slow %s", "task")
    logging.getLogger("uvicorn.error").info("a connection")
    (line,) = stream.getvalue().splitlines()
    assert orjson.loads(line)["event"] == "slow task"


def test_exceptions_stay_on_their_line(stream: io.StringIO) -> None:
    set_up(stream=stream)
    try:
        raise RuntimeError("a bug")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "RuntimeError: a bug" in orjson.loads(line)["exception"]


def test_levels_below_are_left_out_and_a_terminal_reads_text(stream: io.StringIO) -> None:
    set_up(stream=stream, json=False, level="warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert "quiet" not in stream.getvalue() and "loud" in stream.getvalue()

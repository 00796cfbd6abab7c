"""Traces joined to a node; tests/system/test_tracing.py follows one through a daemon."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from config.load import parse
from controlplane.tracing import open_tracing
from tests.controlplane.test_daemon import YAML
from tests.support.collector import Collector
from tests.support.journal import cdr, open_call


class FakeNode:
    traced: Any = None

    def trace(self, tracing: Any) -> None:
        self.traced = tracing

    def brought(self, call: str) -> dict[str, str]:
        return {}


async def test_what_is_over_is_sent_before_the_node_is_gone(tmp_path: Path) -> None:
    text = YAML.format(data=tmp_path, address="127.0.0.1", port=5060, http=8080)
    node: Any = FakeNode()
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as opened:
        assert open_tracing(parse(text, "t.yaml", tmp_path, {}), node, loop, opened) is None
        assert node.traced is None, "without a collector nothing is made"
    with Collector() as collector:
        text += f"observe: {{otlp: {{endpoint: '{collector.url}'}}}}\n"
        async with contextlib.AsyncExitStack() as opened:
            tracing = open_tracing(parse(text, "t.yaml", tmp_path, {}), node, loop, opened)
            assert tracing is not None and tracing is node.traced
            tracing.opened(open_call())
            tracing.closed(cdr())
        assert [span.name for span in collector.spans] == ["call"]

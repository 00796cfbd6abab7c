"""Traces of calls, joined to a node and to a collector, where the configuration names one."""

import asyncio
import contextlib

from config.schema import Settings
from controlplane.node import Node, wall_ms
from controlplane.observe.tracing import Tracing
from controlplane.provider.otlp import OtlpExporter


def open_tracing(
    settings: Settings, node: Node, loop: asyncio.AbstractEventLoop, opened: contextlib.AsyncExitStack
) -> Tracing | None:
    """What makes a trace of each call, until `opened` is closed; None: nobody wants them.

    Raises `controlplane.provider.otlp.MissingExtra`.
    """
    otlp = settings.observe.otlp
    if otlp is None:
        return None
    exporter = OtlpExporter(otlp, settings.node.name)
    opened.push_async_callback(exporter.close)
    made = Tracing(exporter, loop, wall_ms, node.brought, otlp.header, otlp.calls)
    opened.callback(made.flush)
    node.trace(made)
    return made

"""Spans to a collector by OTLP over HTTP, with the packages of the extra `otel`.

The SDK's batch processor does it: a bounded queue and a thread of its own. What overflows is dropped and
logged by it; the loop never waits. Nothing of OpenTelemetry is imported before an exporter is made.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from config.observe import Otlp
from controlplane.observe.span import Span
from controlplane.observe.trace_context import TraceContext

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

SCOPE: Final = "tandem"
BATCH: Final = 512
"Spans of one request."
INSTALL: Final = "observe.otlp needs the extra otel: pip install -e '.[otel]'"


class MissingExtra(Exception):
    """The packages are not there; the message says what to install."""


class OtlpExporter:
    """A `controlplane.observe.tracing.Exports`."""

    def __init__(self, settings: Otlp, node: str) -> None:
        """Raises `MissingExtra`."""
        try:
            from opentelemetry import trace  # noqa: PLC0415
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415
        except ImportError:
            raise MissingExtra(INSTALL) from None
        self._trace, self._span = trace, ReadableSpan
        self._resource = Resource({"service.name": settings.service, "service.instance.id": node})
        self._scope = InstrumentationScope(SCOPE)
        self._processor = BatchSpanProcessor(
            OTLPSpanExporter(
                endpoint=settings.endpoint, headers=dict(settings.headers), timeout=settings.timeout
            ),
            max_queue_size=settings.queue,
            schedule_delay_millis=settings.delay * 1_000,
            max_export_batch_size=min(BATCH, settings.queue),
        )

    def send(self, spans: Sequence[Span], context: TraceContext) -> None:
        for span in spans:
            self._processor.on_end(self._readable(span, context))

    async def close(self) -> None:
        """Sends what waits; gives up after the time that a request may take."""
        await asyncio.get_running_loop().run_in_executor(None, self._processor.shutdown)

    # Inside.

    def _readable(self, span: Span, context: TraceContext) -> "ReadableSpan":
        trace = self._trace
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        of = trace.SpanContext(context.trace, span.id, is_remote=False, trace_flags=flags)
        parent = None
        if span.parent:
            remote = span.parent == context.parent
            parent = trace.SpanContext(context.trace, span.parent, is_remote=remote, trace_flags=flags)
        status = trace.Status(trace.StatusCode.ERROR, span.failed) if span.failed else trace.Status()
        return self._span(
            span.name,
            of,
            parent,
            self._resource,
            span.attributes,
            kind=trace.SpanKind[span.kind.upper()],
            status=status,
            start_time=span.started_at * 1_000_000,
            end_time=span.ended_at * 1_000_000,
            instrumentation_scope=self._scope,
        )

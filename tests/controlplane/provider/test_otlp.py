"""Spans as a collector receives them, and one that does not answer."""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from config.observe import Otlp
from controlplane.observe.span import Span
from controlplane.observe.trace_context import TraceContext
from controlplane.provider.otlp import INSTALL, MissingExtra, OtlpExporter
from tests.support.collector import Collector, attributes

CONTEXT = TraceContext(5, 9)
CALL = Span(
    "call", 1, 9, 1_000, 2_500, "server", "agent_failed", {"tandem.direction": "in", "sip.status_code": 200}
)
LEG = Span("leg caller", 2, 1, 1_000, 2_000, attributes={"tandem.mos": 4.4})


def settings(url: str, **more: Any) -> Otlp:
    return Otlp.model_validate({"endpoint": url, "delay": "0.05s", **more})


async def test_a_collector_is_sent_what_the_spans_say() -> None:
    with Collector() as collector:
        exporter = OtlpExporter(settings(collector.url, headers={"X-Key": "k"}, service="pbx"), "edge-1")
        exporter.send([CALL, LEG], CONTEXT)
        await exporter.close()
        call, leg = collector.spans
        (resource,) = collector.received[0].resource_spans
        assert collector.headers[0]["x-key"] == "k"
    about = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (about["service.name"], about["service.instance.id"]) == ("pbx", "edge-1")
    assert call.name == "call" and call.trace_id == (5).to_bytes(16) == leg.trace_id
    assert (call.span_id, call.parent_span_id) == ((1).to_bytes(8), (9).to_bytes(8))
    assert (leg.span_id, leg.parent_span_id) == ((2).to_bytes(8), call.span_id)
    assert (call.start_time_unix_nano, call.end_time_unix_nano) == (1_000_000_000, 2_500_000_000)
    assert (call.status.code, call.status.message) == (2, "agent_failed") and leg.status.code == 0
    assert attributes(call) == {"tandem.direction": "in", "sip.status_code": 200}
    assert attributes(leg) == {"tandem.mos": 4.4}


async def test_a_collector_that_does_not_answer_holds_up_nobody_and_what_overflows_is_dropped() -> None:
    with Collector(stuck=True) as collector:
        exporter = OtlpExporter(settings(collector.url, queue=16), "edge-1")
        exporter.send([LEG] * 16, CONTEXT)
        while not collector.asked.is_set():  # a request is under way, and stays so
            await asyncio.sleep(0.01)
        before = threading.active_count()
        exporter.send([LEG] * 500, CONTEXT)  # would wait for ever, if it waited at all
        assert not collector.received and threading.active_count() == before
        collector.release()
        await exporter.close()
        assert 16 <= len(collector.spans) <= 48


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingExtra, match=r"pip install -e .*otel"):
        OtlpExporter(settings("http://127.0.0.1:1/v1/traces"), "edge-1")
    assert "otel" in INSTALL


def test_a_daemon_that_is_not_asked_for_traces_imports_nothing_of_it() -> None:
    wanted = "('opentelemetry', 'requests', 'google.protobuf')"
    program = f"import sys, controlplane.daemon; print([n for n in sys.modules if n.startswith({wanted})])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"

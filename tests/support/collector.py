"""An OpenTelemetry collector on loopback: takes OTLP over HTTP, and tells what it was sent."""

import http.server
import threading
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.address import loopback
from tests.support.process import wait_until


class Collector:
    def __init__(self, *, stuck: bool = False) -> None:
        """Args: stuck: takes requests and answers none until it is left."""
        self.received: list[Any] = []
        "Requests, decoded."
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Event()
        self._free = threading.Event()
        if not stuck:
            self._free.set()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.asked.set()
                collector._free.wait(120.0)
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                collector.received.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer((loopback(), 0), Handler)
        self._server.daemon_threads = True
        host, port = self._server.server_address[:2]
        self.url = f"http://{host!s}:{port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def spans(self) -> list[Any]:
        """All of them, in the order in which they came."""
        return [
            span
            for request in self.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def release(self) -> None:
        """Answer from now on."""
        self._free.set()

    def wait_for(self, count: int, timeout: float = 60.0) -> list[Any]:
        wait_until(lambda: len(self.spans) >= count, timeout, what=f"{count} spans")
        return self.spans

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}

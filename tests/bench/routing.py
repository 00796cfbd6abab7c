"""`POST /route` over one kept connection, each call admitted: what the door of outside edges costs."""

import http.client
import json
import time
from typing import Any

import numpy as np

from tests.bench.measure import Row
from tests.bench.subject import Subject


def routes(subject: Subject, count: int) -> Row:
    """`count` calls of one user by the trunk, each routed and admitted; then their ends."""
    connection = http.client.HTTPConnection(*subject.daemon.http, timeout=10.0)
    caller = subject.users[0]
    try:
        for n in range(min(count, 200)):  # first ones allocate
            _route(connection, caller, f"warm-{n}")
        before, started, own = subject.cpu(), time.monotonic(), time.process_time()
        latencies, failed = [], 0
        for n in range(count):
            asked = time.monotonic()
            failed += _route(connection, caller, f"call-{n}")["action"] != "outbound"
            latencies.append(time.monotonic() - asked)
        elapsed = time.monotonic() - started
        used, own = subject.cpu() - before, time.process_time() - own
        for n in range(count):
            end = {"type": "dialog", "accountId": "acc_demo", "callId": f"call-{n}", "event": "end"}
            _post(connection, "/presence/event", end)
    finally:
        connection.close()
    each = used / count
    return Row(
        "route",
        "s⁻¹",
        count,
        elapsed,
        used,
        each * 1e6,
        1 / max(each, 1e-9),
        failed,
        float(np.percentile(latencies, 50)) * 1000,
        float(np.percentile(latencies, 99)) * 1000,
        rate=count / elapsed,
        generator_share=own / elapsed,
        gauges=subject.gauges(),
    )


def _route(connection: http.client.HTTPConnection, caller: str, call_id: str) -> Any:
    asked = {"callId": call_id, "from": caller, "fromDomain": "demo.local", "to": "14155550100"}
    return _post(connection, "/route", asked)["rtjson"]


def _post(connection: http.client.HTTPConnection, path: str, fields: dict[str, str]) -> Any:
    connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return json.loads(content)

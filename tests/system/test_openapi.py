"""The OpenAPI document is true of a running daemon: its examples, and whatever schemathesis makes of it."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import hypothesis
import jsonschema
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from controlplane.api.example import EXAMPLES, Example
from tests.support.daemon import Daemon

TOKEN = "open-sesame"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
LEFT_OUT = {
    "/admin/tts/generate": "speaks a whole catalogue",
    "/hooks/carrier": "501 is its answer without hooks, and schemathesis takes that for a fault",
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    account = {"dids": [{"number": "12025550123", "target": {"user": "1002"}}]}
    folder = tmp_path_factory.mktemp("openapi")
    with Daemon(folder, account=account, settings={"gates": {"admin_token": TOKEN}}) as running:
        yield running


def send(daemon: Daemon, example: Example) -> tuple[int, Any]:
    path = example.path
    for name, value in example.names.items():
        path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe=""))
    if example.query:
        path += f"?{urllib.parse.urlencode(example.query)}"
    body = None if example.body is None else json.dumps(example.body)
    headers = {"Content-Type": "application/json"} if body else {}
    if example.token:
        headers["X-Admin-Token"] = TOKEN
    connection = http.client.HTTPConnection(*daemon.http, timeout=10.0)
    try:
        connection.request(example.method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_every_example_is_answered_in_the_shape_that_it_shows(daemon: Daemon) -> None:
    document = json.loads(daemon.get("/openapi.json")[1])
    for example in EXAMPLES:
        status, reply = send(daemon, example)
        assert status == example.status, (example, reply)
        described = document["paths"][example.path][example.method.lower()]["responses"][str(status)]
        jsonschema.validate(reply, described["content"]["application/json"]["schema"])


@pytest.mark.timeout(300)
def test_whatever_the_document_allows_is_answered_as_it_says(daemon: Daemon) -> None:
    host, port = daemon.http
    schema = schemathesis.openapi.from_url(f"http://{host}:{port}/openapi.json")
    tried, wrong = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in LEFT_OUT:
            continue
        try:
            _try(operation)
        except Exception as error:
            wrong.append(f"{operation.method} {operation.path}: {error}")
        tried += 1
    assert not wrong, "\n".join(wrong)
    assert tried > 30


def _try(operation: Any) -> None:
    @hypothesis.seed(1)
    @hypothesis.settings(
        max_examples=8,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy())
    def answered(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    answered()

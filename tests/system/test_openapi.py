"""The OpenAPI document is true of a running daemon: its examples, and whatever schemathesis makes of it."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import hypothesis
import jsonschema
import openapi_spec_validator
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from controlplane.api.administration_example import ADMINISTRATION_EXAMPLES
from controlplane.api.call_example import CALL_EXAMPLES
from controlplane.api.example import EXAMPLES, JSON, Example
from controlplane.api.operations import OPERATIONS
from tests.support.daemon import Daemon

TOKEN = "open-sesame"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
TOKEN_PATHS = {operation.path for operation in OPERATIONS if operation.token}
HELLO = """
nodes:
  hello: {kind: say, text: Hello., next: bye}
  bye: {kind: hangup}
"""
HOOKS = {
    "url": "https://pbx.example.com/hooks/carrier",
    "sip": "pbx.example.com",
    "twilio": {"auth_token": "secret"},
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("openapi")
    (folder / "hello.yaml").write_text(HELLO)
    account = {
        "dids": [{"number": "12025550123", "target": {"user": "1002"}}],
        "flows": {"hello": str(folder / "hello.yaml")},
        "carrier_hooks": HOOKS,
    }
    with Daemon(folder, account=account, settings={"gates": {"admin_token": TOKEN}}) as running:
        yield running


def send(daemon: Daemon, example: Example) -> tuple[int, Any]:
    """Status, and what was answered: JSON decoded, anything else as text."""
    path = example.path
    for name, value in example.names.items():
        path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe="/" if name == "key" else ""))
    if example.query:
        path += f"?{urllib.parse.urlencode(example.query)}"
    body = example.content if example.body is None else json.dumps(example.body)
    headers = {"Content-Type": "application/json"} if example.body else {}
    if example.token:
        headers["X-Admin-Token"] = TOKEN
    connection = http.client.HTTPConnection(*daemon.http, timeout=60.0)
    try:
        connection.request(example.method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        kind = response.headers.get_content_type()
        assert kind == example.media_type, (example, kind, content[:200])
        return response.status, json.loads(content) if kind == JSON else content.decode("latin-1")
    finally:
        connection.close()


def test_every_example_is_answered_in_the_shape_that_it_shows(daemon: Daemon) -> None:
    document = json.loads(daemon.get("/openapi.json")[1])
    for example in (*EXAMPLES, *CALL_EXAMPLES, *ADMINISTRATION_EXAMPLES):
        status, reply = send(daemon, example)
        assert status == example.status, (example, reply)
        described = document["paths"][example.path][example.method.lower()]["responses"][str(status)]
        jsonschema.validate(reply, described["content"][example.media_type]["schema"])
        if example.media_type != JSON:
            assert reply.startswith(example.reply), (example, reply[:100])


def test_the_document_is_valid_openapi(daemon: Daemon) -> None:
    openapi_spec_validator.validate(json.loads(daemon.get("/openapi.json")[1]))


@pytest.mark.timeout(300)
def test_whatever_the_document_allows_is_answered_as_it_says(daemon: Daemon) -> None:
    host, port = daemon.http
    schema = schemathesis.openapi.from_url(f"http://{host}:{port}/openapi.json")
    tried, wrong = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            _try(operation, {"X-Admin-Token": TOKEN} if operation.path in TOKEN_PATHS else {})
        except Exception as error:
            wrong.append(f"{operation.method} {operation.path}: {error}")
        tried += 1
    assert not wrong, "\n".join(wrong)
    assert tried > 30


def _try(operation: Any, headers: dict[str, str]) -> None:
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
        case.call_and_validate(checks=CHECKS, headers=headers)

    answered()

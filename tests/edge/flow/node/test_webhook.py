"""webhook: a question to a service; `noop` while we fetch."""

import pytest
from pydantic import ValidationError

from edge.flow.command import Fetch, Noop
from edge.flow.node.webhook import Webhook
from tests.support.flow import Walk, node

FIELDS = """kind: webhook
url: 'https://crm.example/who?n={{ caller }}'
method: POST
headers: {X-Key: k}
body: {number: '{{ caller }}', first: '{{ 1 == 1 }}'}
variable: who
timeout: 2s"""


def webhook() -> Walk:
    return Walk(node(FIELDS, "done", "failed"), {"caller": "1001"})


def test_the_request_is_made_of_variables() -> None:
    assert webhook().command == Noop(
        Fetch(
            "POST",
            "https://crm.example/who?n=1001",
            (("X-Key", "k"),),
            {"number": "1001", "first": True},
            2.0,
            1,
        )
    )


def test_the_answer_is_a_variable() -> None:
    walk = webhook().step("done", body={"name": "Ada"}, status=200)
    assert (
        walk.at == "done" and walk.variables["who"] == {"name": "Ada"} and walk.variables["who_status"] == 200
    )


@pytest.mark.parametrize(("outcome", "status"), [("failed", 500), ("error", 0), ("timeout", 0)])
def test_everything_else_leaves_by_failed(outcome: str, status: int) -> None:
    walk = webhook().step(outcome, status=status)
    assert walk.at == "failed" and walk.variables["who"] is None and walk.variables["who_status"] == status


@pytest.mark.parametrize("url", ["ftp://x/", "https://{{ host }}/", "https:///x", "x"])
def test_the_host_is_written_out(url: str) -> None:
    with pytest.raises(ValidationError):
        Webhook.model_validate({"url": url})

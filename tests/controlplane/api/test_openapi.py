"""The OpenAPI document and its page (design §6)."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.testclient import TestClient

from config.schema import Gates
from controlplane import api
from controlplane.api.gate import Gate
from controlplane.api.openapi import DocsRoutes, Operation, document


class Thing(BaseModel):
    name: str = Field(min_length=1)
    "Unique among things."
    parts: list[str] = []


class Other(BaseModel):
    number: int


POST = Operation("POST", "/things/{id}", "things", "Make one", (Thing,), (("q", "What"),), ((201, "Made"),))


def operation(*operations: Operation) -> dict[str, Any]:
    made: Any = document(operations)
    return made


def test_a_body_is_described_by_the_model_that_decodes_it() -> None:
    made = operation(POST)
    one = made["paths"]["/things/{id}"]["post"]
    schema = {"$ref": "#/components/schemas/Thing"}
    assert one["requestBody"]["content"] == {  # S004-02
        "application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": schema},
    }
    thing = made["components"]["schemas"]["Thing"]
    assert thing["required"] == ["name"]
    assert thing["properties"]["name"]["description"] == "Unique among things."
    assert [(given["in"], given["name"]) for given in one["parameters"]] == [("path", "id"), ("query", "q")]
    assert set(one["responses"]) == {"201", "400", "401", "403", "413", "415"}


def test_one_of_several_bodies_is_any_of_them() -> None:
    made = operation(Operation("POST", "/x", "t", "s", (Thing, Other)))
    content = made["paths"]["/x"]["post"]["requestBody"]["content"]["application/json"]
    assert len(content["schema"]["anyOf"]) == 2 and {"Thing", "Other"} <= set(made["components"]["schemas"])


def test_what_no_schema_says_is_its_description_and_is_on_the_page() -> None:
    made = operation(Operation("GET", "/x", "t", "s", description="Send it once."))
    assert made["paths"]["/x"]["get"]["description"] == "Send it once."
    assert "description" not in operation(POST)["paths"]["/things/{id}"]["post"]
    assert "one.description" in (Path(api.__file__).parent / "docs.html").read_text()


def test_who_may_call_it_is_said() -> None:
    made = operation(
        Operation("GET", "/open", "t", "s", open=True), Operation("GET", "/token", "t", "s", token=True), POST
    )
    paths = made["paths"]
    assert paths["/open"]["get"]["security"] == [] and "403" not in paths["/open"]["get"]["responses"]
    assert paths["/token"]["get"]["security"] == [{"token": []}, {"key": []}]
    assert paths["/things/{id}"]["post"]["security"] == [{"node": []}, {"token": []}, {"key": []}]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_it_is_served_behind_the_gate_and_needs_nothing_from_elsewhere(path: str) -> None:
    app = Starlette(routes=list(DocsRoutes([POST]).public(Gate(Gates(), frozenset()))))
    here = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5)).get(path)
    assert here.status_code == 200 and "https://" not in here.text
    if path == "/docs":
        assert "default-src 'none'" in here.headers["content-security-policy"]
    else:
        assert here.json()["openapi"] == "3.1.0"

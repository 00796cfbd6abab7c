"""`GET /refused` on the control socket."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from controlplane.api import envelope
from controlplane.api.refused import RefusedRoutes
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone


@pytest.fixture
def client() -> TestClient:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory)
    for n in (2, 3, 4):
        Phone(bench, "1001", n).say("INVITE", "sip:*43@demo.local")
    routes = RefusedRoutes(bench.switch.logbook.attempts, page_rows=2)
    failures = {envelope.Failure: envelope.failed}
    return TestClient(Starlette(routes=routes.operator(), exception_handlers=failures))


def test_the_newest_come_first_and_say_what_to_change(client: TestClient) -> None:
    """S004-62."""
    told = client.get("/refused").json()
    assert [row["sip_call_id"] for row in told["refused"]] == ["call-1001-4", "call-1001-3"]
    assert told["displaced"] == 0 and "auth.ip" in told["refused"][0]["fix"]
    assert len(client.get("/refused?limit=1").json()["refused"]) == 1


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1" * 16, ""])
def test_a_limit_that_is_no_number_is_refused(client: TestClient, limit: str) -> None:
    assert client.get("/refused", params={"limit": limit}).status_code == 400

"""`POST /drain` on the control socket."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from controlplane.api.drain import drain_route


def test_it_begins_and_says_what_is_left() -> None:
    begun = list[bool]()
    app = Starlette(routes=[drain_route(lambda: begun.append(True), lambda: 3, 30.0)])
    client = TestClient(app)
    for _ in range(2):
        assert client.post("/drain").json() == {"draining": True, "calls": 3, "seconds": 30.0}
    assert begun == [True, True] and client.get("/drain").status_code == 405

"""`POST /reload` on the control socket."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from controlplane.api import envelope
from controlplane.api.reload import reload_route


def test_it_says_what_was_read_again_or_why_not() -> None:
    faults = ["", "listen.tls: key: server.key cannot be read: No such file or directory"]
    route = reload_route({"certificate": lambda: faults.pop(0)})
    client = TestClient(Starlette(routes=[route], exception_handlers={envelope.Failure: envelope.failed}))
    good = client.post("/reload")
    assert good.status_code == 200 and good.json() == {"reloaded": ["certificate"]}
    bad = client.post("/reload")
    assert bad.status_code == 409 and bad.json()["error"] == "not_reloaded"
    assert "server.key cannot be read" in bad.json()["detail"] and "stays" in bad.json()["detail"]
    assert client.get("/reload").status_code == 405


def test_it_notes_what_is_in_use_and_should_not_be() -> None:
    late = ["server.pem, expired on 2026-11-01; renew it"]
    client = TestClient(Starlette(routes=[reload_route({"certificate": lambda: ""}, lambda: late)]))
    assert client.post("/reload").json() == {"reloaded": ["certificate"], "notes": late}

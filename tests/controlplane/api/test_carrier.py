"""`POST /hooks/carrier` (S004-82)."""

from typing import Any

import httpx2
import pytest

from config.schema import Gates
from controlplane.api.app import public_app
from controlplane.api.carrier import CarrierRoutes
from controlplane.api.gate import Gate
from controlplane.api.health import Readiness
from controlplane.observe.metrics import Metrics
from tests.controlplane.service.test_carrier import DID, NOW, Bench
from tests.support.carrier import text, twilio_signature


def client(bench: Bench) -> httpx2.AsyncClient:
    nothing: Any = None
    routes = CarrierRoutes(bench.service, 10_000).public()
    app = public_app(Gate(Gates(), frozenset()), Readiness(), Metrics(), nothing, routes)
    transport = httpx2.ASGITransport(app, client=("198.51.100.7", 5))
    return httpx2.AsyncClient(transport=transport, base_url="https://pbx.example.com")


async def test_a_call_of_twilio_is_answered_by_twiml_wherever_it_comes_from() -> None:
    fields = {"CallSid": "CA1", "From": "+14155551234", "To": DID, "CallStatus": "ringing"}
    headers = {"X-Twilio-Signature": twilio_signature(fields)}
    response = await client(Bench()).post("/hooks/carrier", data=fields, headers=headers)
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/xml")
    assert response.text.startswith("<?xml") and "<Sip>" in response.text


async def test_an_event_of_telnyx_is_verified_as_it_was_sent() -> None:
    bench = Bench()
    body, headers = bench.telnyx.signed(text(DID), NOW)
    response = await client(bench).post("/hooks/carrier", content=body, headers=headers)
    assert response.status_code == 200 and response.json() == {"ok": True} and len(bench.texts) == 1
    response = await client(bench).post("/hooks/carrier", content=body + b" ", headers=headers)
    assert response.status_code == 403 and len(bench.texts) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"", 403),
        ({"X-Twilio-Signature": "AAAA"}, b"To=%2B12025550123", 403),
        ({"X-Twilio-Signature": "AAAA"}, b"\xff", 400),
        ({"X-Twilio-Signature": "AAAA"}, b"a&" * 4_000, 400),
        ({"X-Twilio-Signature": "AAAA"}, b"a" * 10_001, 413),
        ({"telnyx-signature-ed25519": "AAAA"}, b"{", 400),
        ({"telnyx-signature-ed25519": "AAAA"}, b"[]", 400),
        ({"telnyx-signature-ed25519": "AAAA"}, b"{}", 403),
    ],
)
async def test_what_nobody_signed_is_refused(headers: dict[str, str], body: bytes, status: int) -> None:
    response = await client(Bench()).post("/hooks/carrier", content=body, headers=headers)
    assert response.status_code == status and set(response.json()) == {"error", "detail"}


async def test_without_hooks_it_is_501() -> None:
    bench = Bench()
    bench.service.take([])
    for method in ("POST", "GET"):
        response = await client(bench).request(method, "/hooks/carrier")
        assert response.status_code == 501 and response.json()["error"] == "not_built"

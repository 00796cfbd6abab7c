"""`/auth`, `/route` and `/presence/event` over HTTP (S004-02…28, S004-40…43)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.control import Control, control
from tests.support.directory import FakeDirectory
from tests.support.outside import credentials


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Control]:
    directory = FakeDirectory()
    directory.add_user("1001", "alice")
    directory.add_user("1002")
    directory.add_did("12025550123", "flow", "reception")
    async with control(tmp_path, directory) as made:
        yield made


def digest(username: str = "alice", password: str = "secret", nonce: str = "n1") -> dict[str, Any]:
    given = credentials(username, password, nonce)
    return {
        "method": "INVITE",
        "username": given.username,
        "realm": given.realm,
        "nonce": given.nonce,
        "uri": given.uri,
        "response": given.response,
        "algorithm": given.algorithm,
        "qop": given.qop,
        "cnonce": given.cnonce,
        "nc": given.nc,
        "callId": "c1",
        "srcIp": "192.0.2.7",
        "userAgent": "phone",
        "expires": 60,
        "contact": "<sip:alice@192.0.2.7>",
        "fromDomain": "demo.local",
    }


@pytest.mark.parametrize("form", [False, True])
async def test_auth_answers_with_the_account_context(
    site: Control, form: bool
) -> None:  # S004-02 S004-06 S004-08
    body = {"data": digest()} if form else {"json": digest()}
    response = await site.public.post("/auth", **body)  # type: ignore[arg-type]
    assert response.status_code == 200
    assert response.json() == {  # S004-10
        "ok": True,
        "account_id": "acc_demo",
        "user_id": "us_1001",
        "device_id": "dev_alice",
        "trunk_id": None,
        "username": "alice",
        "domain": "demo.local",
        "caller_id": {"number": "1001", "name": "1001"},
    }


async def test_a_denial_is_200_with_reason_and_challenge(site: Control) -> None:  # S004-10
    found = await site.post("/auth", **digest(password="guess"))
    assert (found["ok"], found["reason"], found["stale"]) == (False, "bad_response", False)
    challenge = found["challenge"]
    assert (challenge["realm"], challenge["algorithm"], challenge["qop"]) == ("demo.local", ["MD5"], "auth")
    again = await site.post("/auth", **digest(nonce=challenge["nonce"]))
    assert again["ok"]


async def test_nc_may_be_a_number(site: Control) -> None:
    assert (await site.post("/auth", **digest() | {"nc": 1}))["ok"]


@pytest.mark.parametrize("form", [False, True])
async def test_route_answers_with_rtjson(
    site: Control, form: bool
) -> None:  # S004-02 S004-13 S004-14 S004-19
    fields = {"callId": "abc123", "from": "14155551234", "fromDomain": "x.example", "to": "12025550123"}
    body = {"data": fields} if form else {"json": fields}
    response = await site.public.post("/route", **body)  # type: ignore[arg-type]
    rtjson = response.json()["rtjson"]
    assert (rtjson["action"], rtjson["account_id"]) == ("flow", "acc_demo")
    assert rtjson["vars"]["caller_cid"] == "14155551234"


@pytest.mark.parametrize(
    "to", ["1002", "sip:1002@demo.local", "sips:1002@demo.local:5061;user=phone", "SIP:1002@DEMO.local"]
)
async def test_a_uri_is_as_good_as_its_user_part(site: Control, to: str) -> None:
    site.outside.register("1002", "sip:1002@192.0.2.7")
    fields = {"callId": to, "from": "sip:1001@demo.local", "to": to, "version": "1.0", "routes": []}
    assert (await site.post("/route", **fields))["rtjson"]["aor"] == "sip:1002@demo.local"  # S004-24


async def test_a_rejection_is_200_too(site: Control) -> None:  # S004-21
    rtjson = (await site.post("/route", callId="c", **{"from": "eve"}, fromDomain="e.example", to="1"))[
        "rtjson"
    ]
    assert (rtjson["action"], rtjson["code"]) == ("reject", 403)


async def test_events_make_reachable_release_and_are_idempotent(
    site: Control,
) -> None:  # S004-40 S004-41 S004-43
    phone = {
        "type": "register",
        "accountId": "acc_demo",
        "aor": "sip:1002@demo.local",
        "contact": "sip:a@192.0.2.7",
    }
    for _ in range(2):
        found = await site.post("/presence/event", **phone, registered=True, expires=60)
        assert found == {"ok": True, "user_id": "us_1002", "reachable": True}
    await site.post("/route", callId="c", **{"from": "1001"}, fromDomain="demo.local", to="1002")
    assert len(site.bench.switch.admissions) == 1
    dialog = {"type": "dialog", "accountId": "acc_demo", "callId": "c", "direction": "in", "ts": 5}
    for event in ("start", "ringing", "answered"):
        assert await site.post("/presence/event", **dialog, event=event) == {"ok": True, "known": True}
    assert (await site.post("/presence/event", **dialog, event="end", cause="200"))["known"]
    assert not (await site.post("/presence/event", **dialog, event="end"))["known"]
    assert len(site.bench.switch.admissions) == 0 and len(site.bench.journal.cdrs) == 1
    gone = await site.post("/presence/event", **phone, registered=False)
    assert gone["reachable"] is False


async def test_agents_tell_of_themselves(site: Control) -> None:  # S004-40 S004-42
    agent = {"type": "agent", "accountId": "acc_demo", "userId": 1001}
    refused = await site.public.post("/presence/event", json=agent | {"event": "pause"})
    assert refused.status_code == 409 and refused.json()["error"] == "not_signed_in"
    assert (await site.post("/presence/event", **agent, event="login"))["status"] == "on_break"
    assert (await site.post("/presence/event", **agent, event="available"))["status"] == "available"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/auth", {}, 400),
        ("/auth", digest() | {"username": "x" * 300}, 400),
        ("/route", {"callId": "c"}, 400),
        ("/route", {"callId": "", "to": "1"}, 400),
        ("/route", {"callId": ["c"], "to": "1"}, 400),
        ("/presence/event", {"type": "odd", "accountId": "acc_demo"}, 400),  # S004-42
        ("/presence/event", {"type": "dialog", "accountId": "acc_demo"}, 400),
        ("/presence/event", {"type": "dialog", "accountId": "acc_x", "callId": "c", "event": "end"}, 404),
        ("/presence/event", {"type": "register", "accountId": "acc_demo", "userId": "77"}, 404),
        ("/presence/event", {"type": "agent", "accountId": "acc_demo", "userId": "1001", "event": "x"}, 400),
        ("/presence/event", {"type": "register", "accountId": "acc_demo", "aor": "1", "expires": -1}, 400),
    ],
)
async def test_bad_input_is_refused_in_the_envelope(
    site: Control, path: str, body: dict[str, Any], status: int
) -> None:  # S004-04
    response = await site.public.post(path, json=body)
    assert response.status_code == status and set(response.json()) == {"error", "detail"}


@pytest.mark.parametrize("path", ["/auth", "/route", "/presence/event"])
async def test_whoever_is_no_node_learns_nothing(site: Control, path: str) -> None:  # S004-01 S004-03
    response = await site.far.post(path, json={})
    assert response.status_code == 403 and response.json()["error"] == "not_allowed"
    allowed = await site.far.post(path, json={}, headers={"X-Admin-Token": "open-sesame"})
    assert allowed.status_code == 400


async def test_an_entry_too_many_is_refused(site: Control) -> None:
    body = {"type": "register", "accountId": "acc_demo", "userId": "1001"}
    for n in range(10):
        await site.post("/presence/event", **body, contact=f"sip:{n}@h")
    response = await site.public.post("/presence/event", json=body | {"contact": "sip:more@h"})
    assert response.status_code == 503 and response.json()["error"] == "too_many_contacts"

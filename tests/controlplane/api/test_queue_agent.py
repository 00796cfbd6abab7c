"""Agents over HTTP (S004-44…54)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.acd.state import AgentEvent
from edge.acd.terms import QueueTerms, Strategy
from edge.directory import UserId
from edge.journal import CallId
from tests.support.acd import FakeCaller, member
from tests.support.control import Control, control
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Phone

SUPPORT = QueueTerms("support", "q_support", Strategy.RING_ALL, members=(member("1001"), member("1002")))
SALES = QueueTerms("sales", "q_sales")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Control]:
    directory = FakeDirectory()
    for number in ("1001", "1002", "1003"):
        directory.add_user(number)
    directory.queue_terms = {queue.name: queue for queue in (SUPPORT, SALES)}
    async with control(tmp_path, directory) as made:
        yield made


async def say(site: Control, user: object, *events: str, **more: object) -> Any:
    found: Any = None
    for event in events:
        found = await site.post("/agent", accountId="acc_demo", userId=user, event=event, **more)
    return found


def joins(site: Control, name: str = "c1") -> FakeCaller:
    caller = FakeCaller(None, CallId(name))  # type: ignore[arg-type]
    site.do(lambda now: site.bench.switch.acd.join(caller.call, ACC, "support", caller, now) and None)
    return caller


async def get(site: Control, path: str) -> Any:
    response = await site.public.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def test_agents_sign_in_pause_and_sign_out(site: Control) -> None:  # S004-44, S004-46
    assert (await say(site, "1001", "login"))["status"] == "on_break"
    assert (await say(site, 1001, "available"))["status"] == "available"  # by number
    paused = await say(site, "us_1001", "pause", reason="lunch")  # by id
    assert (paused["status"], paused["reason"]) == ("on_break", "lunch")
    assert (await say(site, "1001", "unpause"))["status"] == "available"
    assert (await say(site, "1001", "logout"))["status"] == "offline"


async def test_queues_replace_memberships_and_stay_without(site: Control) -> None:  # S004-45
    named = [{"queueId": "q_sales", "level": 3}, {"queueId": "support"}]
    told = await say(site, "1001", "login", queues=named)
    assert [(one["name"], one["level"]) for one in told["queues"]] == [("sales", 3), ("support", 1)]
    assert len((await say(site, "1001", "available"))["queues"]) == 2
    assert (await say(site, "1001", "available", queues=[]))["queues"] == []
    form = {"accountId": "acc_demo", "userId": "1001", "event": "login", "queues": '[{"queueId": "sales"}]'}
    response = await site.public.post("/agent", data=form)
    assert [one["queueId"] for one in response.json()["queues"]] == ["q_sales"]
    for plain in ('["sales", "q_support"]', "sales, support"):
        response = await site.public.post("/agent", data=form | {"queues": plain})
        found = [(one["name"], one["level"]) for one in response.json()["queues"]]
        assert found == [("sales", 1), ("support", 1)], "a queue's name alone will do"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"event": "dance"}, 400, "bad_parameter"),
        ({"event": "pause"}, 409, "not_signed_in"),
        ({"userId": "9"}, 404, "no_such_user"),
        ({"accountId": "x"}, 404, "no_such_account"),
        ({"queues": [{"queueId": "x"}]}, 404, "no_such_queue"),
        ({"queues": [{"queueId": "sales", "level": 0}]}, 400, "bad_parameter"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    site: Control, body: dict[str, Any], status: int, code: str
) -> None:
    base = {"accountId": "acc_demo", "userId": "1001", "event": "login"}
    response = await site.public.post("/agent", json=base | body)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert (await get(site, "/agent?accountId=acc_demo&userId=1001"))["status"] == "offline"


async def test_one_agent_is_shown_with_status_state_reachable_and_queues(site: Control) -> None:  # S004-47
    shown = await get(site, "/agent?accountId=acc_demo&userId=1001")
    assert (shown["status"], shown["state"], shown["reachable"]) == ("offline", "waiting", False)
    assert shown["queues"] == [{"queueId": "q_support", "name": "support", "level": 1}]
    Phone(site.bench, "1001", 3).register()
    await say(site, "1001", "login", "available")
    joins(site)
    shown = await get(site, "/agent?accountId=acc_demo&userId=1001")
    assert (shown["state"], shown["reachable"], shown["call_id"]) == ("offering", True, "c1")
    assert shown["offer"]["epoch"] == 1 and 0 < shown["offer"]["expires_in"] <= 20
    assert (await site.public.get("/agent?accountId=acc_demo")).status_code == 400
    assert (await site.public.get("/agent?accountId=acc_demo&userId=9")).status_code == 404


async def test_the_roster_has_every_user_and_nine_tiles(site: Control) -> None:  # S004-49, S004-50
    Phone(site.bench, "1001", 3).register()
    phone = Phone(site.bench, "1003", 4)
    phone.register()
    phone.dial("*43")
    await say(site, "1001", "login", "available")
    await say(site, "1002", "login")
    roster = await get(site, "/presence/users?accountId=acc_demo")
    assert [(one["number"], one["tile"]) for one in roster["users"]] == [
        ("1001", "ready"),
        ("1002", "unreachable"),
        ("1003", "extcall"),
    ]
    assert list(roster["tiles"]) == [
        "extcall", "incall", "offline", "unreachable", "ringing", "paused", "wrapup", "ready", "idle",
    ]  # fmt: skip
    assert sum(roster["tiles"].values()) == 3 and roster["tiles"]["ready"] == 1
    assert (await site.public.get("/presence/users?accountId=x")).status_code == 404


async def test_an_answer_hook_confirms_the_lease_of_the_current_epoch(
    site: Control,
) -> None:  # S004-51 S004-52
    Phone(site.bench, "1001", 3).register()
    await say(site, "1001", "login", "available")
    caller = joins(site)
    (lease,) = caller.offers
    path = f"/agent/confirm/acc_demo/{lease.id}"
    assert await get(site, f"{path}/{lease.epoch + 1}") == {"ok": False}
    assert await get(site, f"{path}/{lease.epoch}") == {"ok": True, "callId": "c1"}
    assert await get(site, f"{path}/{lease.epoch}") == {"ok": True, "callId": "c1"}
    assert await get(site, "/agent/confirm/acc_demo/nothing/1") == {"ok": False}
    assert (await site.public.get(f"{path}/x")).status_code == 400


async def test_an_expired_lease_is_not_confirmed(site: Control) -> None:  # S004-52
    Phone(site.bench, "1001", 3).register()
    await say(site, "1001", "login", "available")
    (lease,) = joins(site).offers
    site.bench.now += SUPPORT.ring_timeout
    assert await get(site, f"/agent/confirm/acc_demo/{lease.id}/{lease.epoch}") == {"ok": False}


async def test_the_first_of_all_who_ring_claims_the_caller(site: Control) -> None:  # S004-53, S004-54
    for slot, number in enumerate(("1001", "1002")):
        Phone(site.bench, number, 3 + slot).register()
        await say(site, number, "login", "available")
    caller = joins(site)
    assert len(caller.offers) == 2
    assert await get(site, "/agent/claim/acc_demo/1002/c1") == {"ok": True, "callId": "c1"}
    assert await get(site, "/agent/claim/acc_demo/us_1001/c1") == {"ok": False, "winner": "us_1002"}
    assert await get(site, "/agent/claim/acc_demo/us_1002/c1") == {"ok": True, "callId": "c1"}
    assert caller.lost == [("1001", "answered_elsewhere")]
    assert (await site.public.get("/agent/claim/acc_demo/9/c1")).status_code == 404
    assert await get(site, "/agent/claim/acc_demo/agent:demo/c1") == {"ok": False, "winner": "us_1002"}


async def test_of_fifty_who_claim_at_once_one_wins(tmp_path: Path) -> None:  # S004-54
    directory = FakeDirectory()
    numbers = [str(2_000 + number) for number in range(50)]
    for number in numbers:
        directory.add_user(number)
    members = tuple(member(number) for number in numbers)
    directory.queue_terms["support"] = QueueTerms("support", "q", Strategy.RING_ALL, members=members)
    async with control(tmp_path, directory) as site:
        site.bench.switch.acd.world.reachable = lambda account, user, now: True
        for number in numbers:
            site.do(lambda now, number=number: tell(site, number, now))  # type: ignore[misc]
        caller = joins(site)
        assert len(caller.offers) == 50
        sockets = [site.client(site.app) for _ in numbers]
        answers = await asyncio.gather(
            *(
                socket.get(f"/agent/claim/acc_demo/{number}/c1")
                for socket, number in zip(sockets, reversed(numbers), strict=True)
            )
        )
        found = [answer.json() for answer in answers]
        assert sum(one["ok"] for one in found) == 1
        (winner,) = {one["winner"] for one in found if not one["ok"]}
        assert winner == site.bench.switch.acd.ledger.winner(caller.call)
        assert len(caller.lost) == 49


def tell(site: Control, number: str, now: float) -> None:
    for event in (AgentEvent.LOGIN, AgentEvent.AVAILABLE):
        site.bench.switch.acd.tell(ACC, UserId(f"us_{number}"), event, now)


async def test_what_became_of_agents_is_read_back(site: Control) -> None:
    await say(site, "1001", "login", "available")
    for row in site.bench.journal.moved:
        site.store.journal.agent_moved(row)
    found = await get(site, "/agent/moves?accountId=acc_demo&userId=1001")
    assert [(row["cause"], row["status"]) for row in found["moves"]] == [
        ("login", "on_break"),
        ("available", "available"),
    ]
    assert len((await get(site, "/agent/moves?accountId=acc_demo"))["moves"]) == 2
    for wrong in ("accountId=x", "accountId=acc_demo&userId=9"):
        assert (await site.public.get(f"/agent/moves?{wrong}")).status_code == 404
    assert (await site.public.get("/agent/moves?accountId=acc_demo&since=x")).status_code == 400


async def test_strangers_learn_nothing(site: Control) -> None:
    for path in ("/agent?accountId=acc_demo&userId=1001", "/presence/users?accountId=acc_demo"):
        assert (await site.far.get(path)).status_code == 403
    response = await site.far.post(
        "/agent", json={"accountId": "acc_demo", "userId": "1001", "event": "login"}
    )
    assert response.status_code == 403


# Users with a token of their own (S004-03), from anywhere.

ANN = {"Authorization": "Bearer of-us_1001"}


async def own(site: Control, method: str, path: str, **more: Any) -> tuple[int, Any]:
    response = await site.far.request(method, path, headers=ANN, **more)
    body = response.json()
    assert response.status_code == 200 or body.keys() == {"error", "detail"}
    return response.status_code, body if response.status_code == 200 else body["error"]


async def test_a_users_own_token_opens_what_is_for_users(site: Control) -> None:  # S004-03
    status, told = await own(site, "POST", "/agent", json={"event": "login"})
    assert status == 200 and told["user_id"] == "us_1001", "who he is, the token says"
    for name in ("us_1001", "1001"):
        body = {"accountId": "acc_demo", "userId": name, "event": "available", "queues": '["sales"]'}
        status, told = await own(site, "POST", "/agent", data=body)
        assert status == 200 and told["status"] == "available"
    assert (await own(site, "GET", "/agent"))[1]["number"] == "1001"
    assert (await own(site, "GET", "/agent?accountId=acc_demo&userId=1001"))[0] == 200
    assert (await own(site, "GET", "/agent/moves"))[0] == 200
    status, roster = await own(site, "GET", "/presence/users")
    assert status == 200 and len(roster["users"]) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/agent", {"userId": "1002", "event": "logout"}, "not_yourself"),
        ("POST", "/agent", {"userId": "nobody", "event": "logout"}, "not_yourself"),
        ("POST", "/agent", {"accountId": "acc_other", "event": "login"}, "foreign_account"),
        ("GET", "/agent?userId=1002", None, "not_yourself"),
        ("GET", "/agent?accountId=acc_other&userId=1001", None, "foreign_account"),
        ("GET", "/agent/moves?userId=1002", None, "not_yourself"),
        ("GET", "/agent/moves?userId=", None, "not_yourself"),
        ("GET", "/presence/users?accountId=acc_other", None, "foreign_account"),
        ("GET", "/agent/claim/acc_demo/us_1002/c1", None, "not_yourself"),
        ("GET", "/agent/claim/acc_other/us_1001/c1", None, "foreign_account"),
        ("GET", "/agent/confirm/acc_other/lease/1", None, "foreign_account"),
    ],
    ids=lambda value: None,
)
async def test_he_acts_as_himself_alone(
    site: Control, method: str, path: str, body: object, code: str
) -> None:
    await say(site, "1002", "login")
    assert await own(site, method, path, json=body) == (403, code)
    assert (await get(site, "/agent?accountId=acc_demo&userId=1002"))["status"] == "on_break"


@pytest.mark.parametrize("path", ["/cac?accountId=acc_demo", "/queues?accountId=acc_demo", "/media/a.wav"])
async def test_his_token_opens_nothing_else_also_where_his_address_would(site: Control, path: str) -> None:
    for client in (site.far, site.public):
        response = await client.get(path, headers=ANN)
        assert (response.status_code, response.json()["error"]) == (401, "bad_key")


async def test_a_bad_token_is_refused_also_where_the_address_alone_would_pass(site: Control) -> None:
    for client in (site.far, site.public):
        response = await client.get("/agent", headers={"Authorization": "bearer invented"})
        assert (response.status_code, response.json()["error"]) == (401, "bad_token")
        assert response.headers["www-authenticate"] == "Bearer"
    both = ANN | {"X-Admin-Token": "wrong"}
    assert (await site.far.get("/agent", headers=both)).json()["error"] == "bad_token"
    assert (await site.far.get("/agent", headers={"Authorization": "Basic b2Y6MQ=="})).status_code == 403


async def test_he_answers_his_own_offers_and_sees_no_others(site: Control) -> None:
    site.bench.directory.queue_terms["support"] = QueueTerms(  # type: ignore[index]
        "support", "q_support", Strategy.TOP_DOWN, members=(member("1001"), member("1002"))
    )
    for number in ("1001", "1002"):
        Phone(site.bench, number).register()
        await say(site, number, "login", "available")
    joins(site, "c1"), joins(site, "c2")
    full = (await get(site, "/presence/users?accountId=acc_demo"))["users"]
    mine, other = (next(row for row in full if row["number"] == number) for number in ("1001", "1002"))
    assert mine["offer"] and other["offer"]
    _, roster = await own(site, "GET", "/presence/users")
    seen = {row["number"]: (row["call_id"], row["offer"]) for row in roster["users"]}
    assert seen["1001"][0] == mine["call_id"] and seen["1002"] == (None, None)

    def hook(offer: Any) -> str:
        return f"/agent/confirm/acc_demo/{offer['leaseId']}/{offer['epoch']}"

    assert await own(site, "GET", hook(other["offer"])) == (403, "not_yourself")
    assert await own(site, "GET", "/agent/confirm/acc_demo/none/1") == (200, {"ok": False})
    for _ in range(2):
        assert (await own(site, "GET", hook(mine["offer"])))[1] == {"ok": True, "callId": mine["call_id"]}
    assert (await get(site, hook(other["offer"])))["ok"], "the other one's offer is as it was"
    claimed = await own(site, "GET", f"/agent/claim/acc_demo/1001/{mine['call_id']}")
    assert claimed == (200, {"ok": True, "callId": mine["call_id"]})

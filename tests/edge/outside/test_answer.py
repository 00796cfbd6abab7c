"""rtjson, field by field (S004-19…24)."""

from dataclasses import replace

import pytest

from edge.directory import Target
from edge.error import Refusal
from edge.outside import answer
from edge.routing.route import Route
from tests.support.directory import ACC, FakeDirectory


def made(
    target: Target, proxy: str = "sip:192.0.2.9:5070;transport=tcp", number: str = "14155550100"
) -> Route:
    directory = FakeDirectory()
    directory.add_user("1002", "bob")
    directory.add_trunk("carrier", proxy, max_channels=30)
    account = directory.account(ACC)
    assert account is not None
    return Route(
        account,
        "out",
        target,
        callee=directory.users["1002"],
        trunk_out=directory.trunks["carrier"],
        number_out=number,
    )


def test_flow_names_account_flow_and_variables() -> None:  # S004-05 S004-20
    found = answer.flow(made(Target("flow", "reception")), "c1", "+14155550123", "+12025550123")
    assert found["action"] == "flow" and found["account_id"] == "acc_demo"
    assert str(found["flow_id"]).startswith("flow_") and len(str(found["flow_id"])) == 31
    assert found["vars"] == {
        "caller_cid": "14155550123",
        "called_number": "12025550123",
        "direction": "out",
        "call_id": "c1",
    }


def test_proxy_names_an_aor_its_contacts_and_the_caller() -> None:  # S004-22 S004-24
    found = answer.proxy(made(Target("user", "1002")), ["sip:1002@192.0.2.7"], "1001", "Alice", 60.0)
    assert (found["action"], found["aor"]) == ("proxy", "sip:1002@demo.local")
    assert found["contacts"] == ["sip:1002@192.0.2.7"] and found["ring_timeout"] == 60
    assert found["caller_id"] == {"number": "1001", "name": "Alice"}


def test_outbound_names_trunk_and_uri() -> None:  # S004-23 S004-24
    route = made(Target("forward", "14155550100"))
    assert route.trunk_out is not None
    found = answer.outbound(route, route.trunk_out, "1001", "")
    uri = "sip:14155550100@192.0.2.9:5070;transport=tcp"
    assert (found["action"], found["trunk_id"], found["uri"]) == ("outbound", "tr_carrier", uri)
    assert found["max_channels"] == 30 and found["routes"] == [
        {"trunk_id": "tr_carrier", "uri": uri, "dst_uri": route.trunk_out.proxy}
    ]


@pytest.mark.parametrize(
    ("proxy", "number", "uri"),
    [
        ("sip:h", "sip:bob@else.example", "sip:bob@else.example"),
        ("sips:h.example", "1", "sips:1@h.example"),
        ("sip:[bad", "1", "sip:[bad"),
    ],
)
def test_a_uri_may_be_dialled_as_it_stands(proxy: str, number: str, uri: str) -> None:
    route = made(Target("forward", number), proxy, number)
    assert route.trunk_out is not None
    assert answer.outbound(route, route.trunk_out, "1", "")["uri"] == uri


def test_reject_carries_a_sip_code_and_when_to_try_again() -> None:  # S004-21 S004-24
    refusal = Refusal("account_limit", 503, "full", "wait", retry_after=10)
    found = answer.reject(refusal)
    assert (found["action"], found["code"], found["reason"]) == ("reject", 503, "account_limit")
    assert found["retry_after"] == 10
    assert "retry_after" not in answer.reject(replace(refusal, retry_after=None))


@pytest.mark.parametrize(
    ("kind", "ours"), [("flow", False), ("user", False), ("echo", True), ("agent", True), ("queue", True)]
)
def test_what_we_alone_can_answer_is_proxied_to_us(kind: str, ours: bool) -> None:
    route = made(Target(kind, "x"))
    assert answer.is_ours(route.target) is ours
    found = answer.to_us(route, "12025550123", "127.0.0.1:5060")
    assert found["contacts"] == ["sip:12025550123@127.0.0.1:5060"] and found["target"] == {kind: "x"}

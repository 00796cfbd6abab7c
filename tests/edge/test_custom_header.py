"""Custom header fields, from an allow-list to flows, agents, phones and trunks."""

from dataclasses import replace

import pytest

from edge.custom_header import LONGEST, variables
from edge.directory import Agent, Target, TrunkHeaders
from edge.sip.message import Request
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.flow import program
from tests.support.flow_call import Spoken

GIVEN = "X-Customer-Id: 77\r\nx-secret: s\r\nX-Long: " + LONGEST * "l" + "l\r\n"


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory(headers=("X-Customer-Id", "X-Long"))
    for number in ("1001", "1002"):
        directory.add_user(number)
    directory.agents["demo"] = Agent(ACC, "demo", "tandem", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    directory.extensions["9000"] = Target("agent", "demo")
    directory.extensions["9001"] = Target("flow", "main")
    directory.flows = program(
        "nodes: {s: {kind: say, text: 'Customer {{ headers.x_customer_id }}', next: e}, e: {kind: hangup}}"
    )
    directory.speech = Spoken()
    return Bench(directory)


def test_the_callee_is_told_what_the_list_has_and_nothing_else(bench: Bench) -> None:
    bob = Phone(bench, "1002", 3)
    bob.register()
    Phone(bench, "1001").dial("1002", headers=GIVEN)
    (invite,) = bob.got()
    assert isinstance(invite, Request) and invite.headers.get("X-Customer-Id") == "77"
    assert "X-Secret" not in invite.headers and "X-Long" not in invite.headers


def test_an_agent_is_told_by_name(bench: Bench) -> None:
    assert final(Phone(bench, "1001").dial("9000", headers=GIVEN)).status == 200
    (attach,) = bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent)
    assert dict(attach.parameters)["X-Customer-Id"] == "77" and "X-Secret" not in dict(attach.parameters)


def test_a_flow_reads_it_as_a_variable(bench: Bench) -> None:
    final(Phone(bench, "1001").dial("9001", headers=GIVEN))
    (play,) = bench.commanded(port.Play)
    assert isinstance(play, port.Play) and play.path == "/spoken/Customer 77.wav"


def test_a_trunk_has_lists_of_its_own_for_each_way(bench: Bench) -> None:
    headers = TrunkHeaders(("X-Secret",), ("X-Customer-Id",), (("X-Account", "42"),))
    bench.directory.add_trunk("carrier", ip="127.0.0.9", default=True)
    (trunk,) = bench.directory.trunks.values()
    bench.directory.trunks[trunk.name] = replace(trunk, headers=headers)
    bench.directory.add_did("12025550123", "agent", "demo")
    carrier = Phone(bench, "eve", 9)
    assert final(carrier.dial("12025550123", headers=GIVEN)).status == 200
    (attach,) = bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent) and dict(attach.parameters)["X-Secret"] == "s"
    assert "X-Customer-Id" not in dict(attach.parameters)
    Phone(bench, "1001", 5).dial("14155550100", headers=GIVEN)
    (invite,) = [m for m, _ in bench.sent if isinstance(m, Request) and m.method == "INVITE"]
    assert invite.headers.get("X-Customer-Id") == "77" and invite.headers.get("X-Account") == "42"


def test_variables_have_names_that_expressions_can_hold() -> None:
    assert variables([("X-Customer-Id", "7")]) == {"x_customer_id": "7"}

"""A number on a trunk: how long each server is waited for, and what its port is."""

import pytest

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from media import port
from tests.support.edge import Bench, Phone, final
from tests.support.trunk_servers import A, C, Carrier, bench_of_servers, dialled


@pytest.fixture
def bench() -> Bench:
    return bench_of_servers()


def test_a_server_that_says_nothing_is_left_after_a_while_and_its_late_answer_is_undone(bench: Bench) -> None:
    alice, first, second = dialled(bench)
    invite = first.invited()
    assert invite is not None
    bench.advance(bench.limits.server_timeout)
    again = second.invited()
    assert again is not None
    second.reply(again, 200, second.sdp())
    assert final(alice.got()).status == 200
    bench.take()
    first.reply(invite, 200, first.sdp())
    undone = [m.method for m, f in bench.take() if f.remote == A and isinstance(m, Request)]
    assert undone == ["ACK", "BYE"]


def test_a_server_that_says_trying_may_ring_for_long(bench: Bench) -> None:
    _, first, second = dialled(bench)
    invite = first.invited()
    assert invite is not None
    first.reply(invite, 100)
    bench.advance(30)
    assert second.invited() is None


def test_another_address_family_gets_a_port_of_its_own(bench: Bench) -> None:
    bench.zone["_sip._udp.carrier.example", "SRV"][:2] = []
    bench.zone["_sip._udp.carrier.example", "SRV"].append("4 0 5060 a.carrier.example.")
    _, first, _ = dialled(bench)
    six = Carrier(bench, C).invited()
    assert six is not None
    before = len(bench.commanded(port.Allocate))
    bench.switch.unreachable(Flow(Transport.UDP, C), bench.now)
    bench.drain()
    assert first.invited() and len(bench.commanded(port.Allocate)) == before + 1


def test_why_the_proxy_cannot_be_found_is_told(bench: Bench) -> None:
    bench.directory.trunks.clear()
    bench.directory.add_trunk("main", "sip:192.0.2.1;transport=tls", default=True)
    refused = final(Phone(bench, "1001").dial("14155550100"))
    assert refused.status == 503 and "no listener speaks TLS" in (refused.headers.get("Warning") or "")

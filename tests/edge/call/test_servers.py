"""RFC 3263 §4.3: the servers of a trunk, one after another; RFC 3261 §18.1.1: large requests by TCP."""

from dataclasses import replace

import pytest

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from tests.support.edge import Bench, Phone, final
from tests.support.trunk_servers import A, C, Carrier, bench_of_servers, dialled


@pytest.fixture
def bench() -> Bench:
    return bench_of_servers()


def test_503_means_the_next_server_and_the_caller_hears_of_the_last(bench: Bench) -> None:
    alice, first, second = dialled(bench)
    invite = first.invited()
    assert invite is not None and second.invited() is None
    first.reply(invite, 503)
    again = second.invited()
    assert again is not None and again.call_id != invite.call_id and alice.statuses() == []
    second.reply(again, 200, second.sdp())
    assert final(alice.got()).status == 200


@pytest.mark.parametrize("status", [486, 404, 480, 500, 600, 603])
def test_a_refusal_of_the_call_is_no_fault_of_the_server(bench: Bench, status: int) -> None:
    alice, first, second = dialled(bench)
    invite = first.invited()
    assert invite is not None
    first.reply(invite, status)
    assert second.invited() is None and final(alice.got()).status == status


def test_an_unreachable_server_is_left_at_once(bench: Bench) -> None:
    _, first, second = dialled(bench)
    assert first.invited()
    bench.switch.unreachable(Flow(Transport.UDP, A), bench.now)
    bench.drain()
    assert second.invited()


def test_the_last_server_speaks_for_all(bench: Bench) -> None:
    alice, first, second = dialled(bench)
    for server in (first, second, Carrier(bench, C)):
        invite = server.invited()
        assert invite is not None, server.source
        server.reply(invite, 503)
    assert final(alice.got()).status == 500
    bench.advance(40)
    assert bench.idle() and len(bench.journal.cdrs) == 1


def talkative(bench: Bench, proxy: str) -> Phone:
    """A caller whose name alone makes the INVITE too long."""
    bench.directory.add_trunk("main", proxy, default=True)
    users = bench.directory.users
    users["1001"] = replace(users["1001"], name="x" * 900)
    alice = Phone(bench, "1001")
    alice.dial("14155550100")
    return alice


def test_what_is_too_large_for_udp_goes_by_tcp_and_falls_back(bench: Bench) -> None:
    """RFC 3261 §18.1.1: and back to UDP when TCP is refused."""
    talkative(bench, "sip:192.0.2.1")
    carrier = Carrier(bench, A)
    invite = carrier.invited(Transport.TCP)
    assert invite is not None and len(invite.wire()) > 1_300 and carrier.invited() is None
    assert invite.via.transport == "TCP"
    bench.switch.unreachable(Flow(Transport.TCP, A), bench.now)
    bench.drain()
    again = carrier.invited()
    assert again is not None and again.via.transport == "UDP"


def test_a_registered_phone_gets_whatever_size_on_the_path_that_it_registered_by(bench: Bench) -> None:
    """Behind NAT nobody could connect to it; nothing is tried that would keep its caller waiting."""
    bench.directory.add_user("1002")
    users = bench.directory.users
    users["1001"] = replace(users["1001"], name="x" * 900)
    bob = Phone(bench, "1002", 3)
    bob.register()
    Phone(bench, "1001").dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and len(invite.wire()) > 1_300 and invite.via.transport == "UDP"


def test_an_invite_that_its_credentials_make_too_large_goes_by_tcp_and_falls_back_once(bench: Bench) -> None:
    """RFC 3261 §18.1.1 in the second round of §22.2; the next call does not try the connection again."""
    bench.directory.add_trunk("main", "sip:192.0.2.1", username="us", password="pw", default=True)
    alice = Phone(bench, "1001")
    carrier = Carrier(bench, A)
    asks = f'Proxy-Authenticate: Digest realm="r", nonce="{"n" * 1_000}", qop="auth"\r\n'
    for n, transport in enumerate((Transport.TCP, Transport.UDP)):
        alice.call_id = f"call {n}"
        alice.dial("14155550100")
        invite = carrier.invited()
        assert invite is not None
        carrier.reply(invite, 407, headers=asks)
        again = carrier.invited(transport)
        assert again is not None and "Proxy-Authorization" in again.headers
        if transport is Transport.TCP:
            bench.switch.unreachable(Flow(Transport.TCP, A), bench.now)
            bench.drain()
            again = carrier.invited()
            assert again is not None
        carrier.reply(again, 486)
        alice.ack(final(alice.got()), "sip:14155550100@demo.local")


def test_a_firewall_that_swallows_connections_delays_one_call_and_no_more(bench: Bench) -> None:
    """RFC 3261 §18.1.1: nothing tells us that nobody takes the connection."""
    alice = talkative(bench, "sip:192.0.2.1")
    carrier = Carrier(bench, A)
    assert carrier.invited(Transport.TCP) is not None
    bench.advance(bench.limits.server_timeout)
    by_udp = carrier.invited()
    assert by_udp is not None
    carrier.reply(by_udp, 486)
    alice.ack(final(alice.got()), "sip:14155550100@demo.local")
    for wait, transport in ((60.0, Transport.UDP), (250.0, Transport.TCP)):
        bench.advance(wait)
        bench.take()
        alice.call_id = f"after {wait}"
        alice.dial("14155550100")
        assert carrier.invited(transport) is not None


def test_a_server_that_is_overloaded_is_not_asked_again_by_udp(bench: Bench) -> None:
    alice = talkative(bench, "sip:192.0.2.1")
    carrier = Carrier(bench, A)
    invite = carrier.invited(Transport.TCP)
    assert invite is not None
    carrier.reply(invite, 503)
    assert carrier.invited() is None and final(alice.got()).status == 500


def test_a_trunk_that_wants_udp_gets_udp_whatever_the_size(bench: Bench) -> None:
    talkative(bench, "sip:192.0.2.1;transport=udp")
    carrier = Carrier(bench, A)
    assert carrier.invited(Transport.TCP) is None and carrier.invited() is not None


def test_the_next_call_asks_a_server_that_failed_last_until_it_has_rested(bench: Bench) -> None:
    """RFC 3261 §21.5.4: Retry-After."""
    alice, first, second = dialled(bench)
    invite = first.invited()
    assert invite is not None
    first.reply(invite, 503)
    again = second.invited()
    assert again is not None
    second.reply(again, 486)
    alice.ack(final(alice.got()), "sip:14155550100@demo.local")
    alice.call_id = "second"
    alice.dial("14155550100")
    assert first.invited() is None and second.invited() is not None
    bench.advance(bench.limits.server_rest)
    alice.call_id = "third"
    bench.take()
    alice.dial("14155550100")
    assert first.invited() is not None

"""The first hop of a request inside a dialog (RFC 3261 §12.2.1.1, and NAT)."""

import pytest

from edge.sip.flow import Flow, Transport
from edge.sip.hop import next_flow
from edge.sip.uri import Uri


def udp(host: str, port: int) -> Flow:
    return Flow(Transport.UDP, (host, port), 1)


@pytest.mark.parametrize(
    ("hop", "seen", "goes"),
    [
        ("sip:a@203.0.113.5:5070", "203.0.113.5:5060", "203.0.113.5:5070"),
        ("sip:203.0.113.9;lr", "203.0.113.5:5060", "203.0.113.9:5060"),
        ("sip:a@192.168.1.5:5060", "203.0.113.5:31000", "203.0.113.5:31000"),
        ("sip:a@10.0.0.9", "10.0.0.5:5060", "10.0.0.9:5060"),
        ("sip:a@phone.example", "203.0.113.5:5060", "203.0.113.5:5060"),
        ("sip:a@0.0.0.0", "203.0.113.5:5060", "203.0.113.5:5060"),
        ("sip:a@[2001:db8::1]", "203.0.113.5:5060", "203.0.113.5:5060"),
        ("sip:a@203.0.113.9;transport=tcp", "203.0.113.5:5060", "203.0.113.5:5060"),
        ("sip:a@127.0.0.1:5090", "127.0.0.1:5080", "127.0.0.1:5090"),
    ],
)
def test_by_the_book_unless_nobody_outside_could_reach_it(hop: str, seen: str, goes: str) -> None:
    host, port = seen.rsplit(":", 1)
    there, at = goes.rsplit(":", 1)
    assert next_flow(Uri.parse(hop), udp(host, int(port)), lambda flow: False) == udp(there, int(at))


def test_a_stream_is_kept_while_it_lives() -> None:
    flow = Flow(Transport.TCP, ("203.0.113.5", 40_000), 0, 7)
    assert next_flow(Uri.parse("sip:a@203.0.113.9;transport=tcp"), flow, lambda flow: True) is flow
    web = Flow(Transport.WSS, ("203.0.113.5", 40_000), 0, 7)
    assert next_flow(Uri.parse("sip:a@203.0.113.5;transport=ws"), web, lambda flow: False) is web


@pytest.mark.parametrize(
    ("hop", "kind", "goes"),
    [
        ("sip:a@203.0.113.5:5070;transport=tcp", "TCP", "tcp:203.0.113.5:5070/1/0"),
        ("sip:203.0.113.9;lr;transport=TCP", "TCP", "tcp:203.0.113.9:5060/1/0"),
        ("sip:a@203.0.113.5", "TCP", "tcp:203.0.113.5:5060/1/0"),
        ("sip:a@proxy.example:5080;transport=tcp", "TCP", "tcp:203.0.113.5:5080/1/0"),
        ("sips:a@203.0.113.5", "TLS", "tls:203.0.113.5:5061/1/0"),
        ("sip:a@proxy.example;transport=tls", "TLS", "tls:203.0.113.5:5061/1/0"),
        ("sip:a@192.168.1.5;transport=tcp", "TCP", "tcp:203.0.113.5:40000/1/7"),
        ("sip:a@[2001:db8::1];transport=tcp", "TCP", "tcp:203.0.113.5:40000/1/7"),
        ("sip:a@203.0.113.5;transport=udp", "TCP", "tcp:203.0.113.5:40000/1/7"),
    ],
)
def test_the_next_hop_is_dialled_in_place_of_a_stream_that_is_gone(hop: str, kind: str, goes: str) -> None:
    """RFC 3261 §12.2.1.1, §18.1.1; who is behind a NAT has no other way."""
    flow = Flow(Transport(kind), ("203.0.113.5", 40_000), 1, 7)
    found = next_flow(Uri.parse(hop), flow, lambda flow: False)
    assert str(found) == goes
    assert found.name == ("proxy.example" if kind == "TLS" and "proxy" in hop else "")

"""RFC 3263 §4: from a SIP URI to addresses, with the DNS of a table."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.flow import Transport
from edge.sip.locate import Answer, Kind, Query, Srv, by_weight, locate
from edge.sip.uri import Uri
from tests.support.dns import located, zone

UDP, TCP, TLS, WS, WSS = Transport.UDP, Transport.TCP, Transport.TLS, Transport.WS, Transport.WSS
ALL = (UDP, TCP, TLS, WS, WSS)

# The example of RFC 3263 §4.1 and §4.2.
EXAMPLE = {
    ("example.com", "NAPTR"): [
        '100 50 "s" "SIP+D2U" "" _sip._udp.example.com.',
        '50 50 "s" "SIPS+D2T" "" _sips._tcp.example.com.',
        '90 50 "s" "SIP+D2T" "" _sip._tcp.example.com.',
    ],
    ("_sip._tcp.example.com", "SRV"): ["0 1 5060 server1.example.com.", "1 2 5070 server2.example.com."],
    ("_sips._tcp.example.com", "SRV"): ["0 1 5061 server1.example.com."],
    ("_sip._udp.example.com", "SRV"): ["0 1 5060 server1.example.com."],
    ("server1.example.com", "A"): ["192.0.2.1"],
    ("server2.example.com", "A"): ["192.0.2.2"],
    ("server2.example.com", "AAAA"): ["2001:db8::2"],
    ("plain.example", "A"): ["192.0.2.3", "192.0.2.4"],
    ("nothing.example", "SRV"): [],
    ("_sip._udp.closed.example", "SRV"): ["0 0 0 ."],
    ("_sip._tcp.closed.example", "SRV"): ["0 0 0 ."],
    ("closed.example", "A"): ["192.0.2.9"],
}


def ways(uri: str, speaks: tuple[Transport, ...] = ALL) -> list[tuple[str, str, int]]:
    found = located(uri, zone(EXAMPLE), speaks)
    return [(target.transport.value, target.address, target.port) for target in found.targets]


@pytest.mark.parametrize(
    ("uri", "way"),
    [
        ("sip:192.0.2.7", ("UDP", "192.0.2.7", 5060)),
        ("sip:192.0.2.7:5080", ("UDP", "192.0.2.7", 5080)),
        ("sip:192.0.2.7;transport=tcp", ("TCP", "192.0.2.7", 5060)),
        ("sip:192.0.2.7;transport=TLS", ("TLS", "192.0.2.7", 5061)),
        ("sips:192.0.2.7", ("TLS", "192.0.2.7", 5061)),
        ("sips:192.0.2.7;transport=tcp", ("TLS", "192.0.2.7", 5061)),  # RFC 3261 §26.2.2
        ("sips:192.0.2.7;transport=ws", ("WSS", "192.0.2.7", 443)),
        ("sip:192.0.2.7;transport=ws", ("WS", "192.0.2.7", 80)),
        ("sip:[2001:db8::7]", ("UDP", "2001:db8::7", 5060)),
        ("sip:example.com;maddr=192.0.2.8", ("UDP", "192.0.2.8", 5060)),
    ],
)
def test_a_numeric_host_needs_no_question(uri: str, way: tuple[str, str, int]) -> None:
    asked: list[Query] = []
    (target,) = located(uri, zone({}), ALL, asked=asked).targets
    assert (target.transport.value, target.address, target.port) == way and not asked


def test_naptr_orders_the_transports_and_srv_the_servers() -> None:
    """§4.1, §4.2."""
    assert ways("sip:example.com") == [
        ("TLS", "192.0.2.1", 5061),
        ("TCP", "192.0.2.1", 5060),
        ("TCP", "2001:db8::2", 5070),
        ("TCP", "192.0.2.2", 5070),
        ("UDP", "192.0.2.1", 5060),
    ]


def test_what_we_do_not_speak_is_passed_over() -> None:
    assert ways("sip:example.com", (UDP,)) == [("UDP", "192.0.2.1", 5060)]
    assert located("sip:192.0.2.1;transport=tls", zone({}), (UDP, TCP)).why == (
        "no listener speaks TLS: add one to listen.sip"
    )
    assert "sctp is no transport" in located("sip:192.0.2.1;transport=sctp", zone({})).why
    assert "udp is no transport for sips" in located("sips:192.0.2.1;transport=udp", zone({})).why


def test_sips_is_tls_all_the_way() -> None:
    """§4.1: with a SIPS URI only SIPS+ services count."""
    assert ways("sips:example.com") == [("TLS", "192.0.2.1", 5061)]


def test_a_named_transport_asks_for_its_srv_alone() -> None:
    asked: list[Query] = []
    located("sip:example.com;transport=tcp", zone(EXAMPLE), asked=asked)
    assert asked[0] == Query("_sip._tcp.example.com", Kind.SRV)
    assert [query.kind for query in asked[1:]] == [Kind.AAAA, Kind.A] * 2


def test_a_port_asks_for_addresses_alone() -> None:
    """§4.2."""
    asked: list[Query] = []
    found = located("sip:plain.example:5099", zone(EXAMPLE), asked=asked)
    assert [(t.address, t.port) for t in found.targets] == [("192.0.2.3", 5099), ("192.0.2.4", 5099)]
    assert {query.kind for query in asked} == {Kind.A, Kind.AAAA}


def test_without_naptr_and_srv_it_is_the_default_port() -> None:
    asked: list[Query] = []
    found = located("sip:PLAIN.example.", zone(EXAMPLE), asked=asked)
    assert [(t.transport, t.address, t.port) for t in found.targets] == [
        (UDP, "192.0.2.3", 5060),
        (UDP, "192.0.2.4", 5060),
    ]
    assert [query.name for query in asked[1:3]] == ["_sip._udp.plain.example", "_sip._tcp.plain.example"]


def test_a_domain_may_say_that_it_has_no_sip() -> None:
    """RFC 2782: a target of `.`."""
    found = located("sip:closed.example", zone(EXAMPLE))
    assert not found.targets and "offers no SIP by UDP or TCP" in found.why


def test_why_nothing_was_found_is_told() -> None:
    assert located("sip:nothing.example", zone(EXAMPLE)).why == "nothing.example has no address"

    def dead(query: Query) -> Answer:
        return None

    assert located("sip:nothing.example", dead).why == "DNS does not answer for nothing.example"


def test_tls_peers_must_prove_the_domain_not_the_server() -> None:
    """RFC 5922 §4."""
    (target, *_) = located("sips:example.com", zone(EXAMPLE)).targets
    assert target.name == "example.com" and target.pinned
    assert {target.name for target in located("sip:example.com;transport=tcp", zone(EXAMPLE)).targets} == {""}


def test_naptr_that_cannot_be_followed_is_passed_over() -> None:
    records = {
        ("a.example", "NAPTR"): [
            '1 1 "u" "SIP+D2T" "" _sip._tcp.other.example.',
            '2 1 "s" "E2U+sip" "" _sip._tcp.other.example.',
            '3 1 "S" "sip+d2t" "" _sip._tcp.other.example.',
        ],
        ("_sip._tcp.other.example", "SRV"): ["0 0 5062 192.0.2.5."],
    }
    assert [(t.transport, t.address, t.port) for t in located("sip:a.example", zone(records)).targets] == [
        (TCP, "192.0.2.5", 5062)
    ]


def test_equal_servers_share_by_weight() -> None:
    """RFC 2782: about three of four to the heavy one, and each order holds all."""
    records = [Srv(1, 25, 1, "light"), Srv(1, 75, 1, "heavy"), Srv(0, 0, 1, "first")]
    first = Counter[str]()
    for n in range(0, 1_000):
        ordered = by_weight(records, lambda size, n=n: (n * 4_294_967).to_bytes(size, "big"))
        assert len(ordered) == 3 and ordered[0].target == "first"
        first[ordered[1].target] += 1
    assert 650 < first["heavy"] < 850


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 65_535)), max_size=30), st.randoms())
def test_priorities_are_never_mixed(pairs: list[tuple[int, int]], random: object) -> None:
    records = [Srv(priority, weight, 1, str(n)) for n, (priority, weight) in enumerate(pairs)]
    ordered = by_weight(records, random.randbytes)  # type: ignore[attr-defined]
    assert sorted(r.target for r in ordered) == sorted(r.target for r in records)
    assert [r.priority for r in ordered] == sorted(r.priority for r in records)


def test_a_zone_without_end_is_followed_a_little() -> None:
    records = {("_sip._udp.big.example", "SRV"): [f"{n} 0 5060 s{n}.big.example." for n in range(1_000)]}
    asked: list[Query] = []
    located("sip:big.example;transport=udp", zone(records), asked=asked)
    assert len(asked) <= 1 + 2 * 16
    flood = {("flat.example", "A"): [f"192.0.2.{n}" for n in range(256)]}
    assert len(located("sip:flat.example:5060", zone(flood)).targets) == 32


@given(st.text(max_size=30), st.booleans())
def test_any_answer_is_taken(text: str, secure: bool) -> None:
    lookup = locate(Uri("sips" if secure else "sip", None, "a.example"), ALL, bytes)
    try:
        queries = next(lookup)
        while True:
            queries = lookup.send([[text, Srv(0, 0, 0, text)] for _ in queries])
    except StopIteration as end:
        assert isinstance(end.value.targets, tuple)

"""Via (RFC 3261 §18.2, §20.42; RFC 3581; RFC 5118 §4.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.grammar import Malformed
from edge.sip.via import Via


def test_every_part_is_read_and_written_again() -> None:
    text = "SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1"
    via = Via.parse(text)
    assert (via.transport, via.host, via.port, via.branch) == (
        "UDP",
        "first.example.com",
        4000,
        "z9hG4bKa7c6a8dlze.1",
    )
    assert (via.maddr, via.received, via.rport) == ("224.2.0.1", None, None)
    assert str(via) == text


def test_white_space_is_allowed_everywhere() -> None:
    """RFC 4475 §3.1.1.1, and the example of RFC 3261 §20.42."""
    via, last = Via.parse_many(
        "SIP / 2.0 / tcp     spindle.example.com   : 5070 ;  branch  =   z9hG4bK9ikj8  ,"
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch= z9hG4bK30239"
    )
    assert str(via) == "SIP/2.0/TCP spindle.example.com:5070;branch=z9hG4bK9ikj8"
    assert (last.host, last.branch) == ("192.168.255.111", "z9hG4bK30239")


@pytest.mark.parametrize(
    ("text", "rport"), [("", None), (";rport", 0), (";rport=", 0), (";RPORT=4711", 4711), (";rport=99999", 0)]
)
def test_rport_is_absent_asked_for_or_a_number(text: str, rport: int | None) -> None:
    """RFC 3581 §3, §4."""
    assert Via.parse("SIP/2.0/UDP h" + text).rport == rport


@pytest.mark.parametrize("received", ["2001:db8:0:0:0:0:0:1", "[2001:db8:0:0:0:0:0:1]"])
def test_received_is_an_address_with_or_without_brackets(received: str) -> None:
    """RFC 5118 §4.5."""
    via = Via.parse(f"SIP/2.0/UDP [2001:db8::9:1]:5061;received={received};branch=z9hG4bKas3")
    assert via.received == "2001:db8:0:0:0:0:0:1"
    assert (via.host, via.address, via.port) == ("[2001:db8::9:1]", "2001:db8::9:1", 5061)


def test_the_source_is_noted_where_it_differs_or_was_asked_for() -> None:
    """RFC 3261 §18.2.1, RFC 3581 §4."""
    plain = Via.parse("SIP/2.0/UDP 192.0.2.1:5060;branch=x")
    assert plain.seen_from("192.0.2.1", 5060) is plain
    assert str(plain.seen_from("10.1.1.1", 4540)) == "SIP/2.0/UDP 192.0.2.1:5060;branch=x;received=10.1.1.1"
    asked = Via.parse("SIP/2.0/UDP 192.0.2.1;rport;branch=x")
    assert str(asked.seen_from("192.0.2.1", 9)) == "SIP/2.0/UDP 192.0.2.1;branch=x;received=192.0.2.1;rport=9"


@pytest.mark.parametrize(("asks", "told"), [("keep", "keep=25"), ("Keep", "keep=25"), ("keep=7", "keep=7")])
def test_who_asks_is_told_that_its_keep_alives_are_answered(asks: str, told: str) -> None:
    """RFC 6223 §4.4: a value is added to the bare parameter; nobody else's is touched."""
    via = Via.parse(f"SIP/2.0/UDP 192.0.2.1:5060;branch=x;{asks}")
    assert str(via.seen_from("192.0.2.1", 5060)) == f"SIP/2.0/UDP 192.0.2.1:5060;branch=x;{told}"
    behind = Via.parse(f"SIP/2.0/UDP 10.0.0.1;{asks};rport;branch=x").seen_from("192.0.2.1", 9)
    assert behind.rport == 9 and behind.received == "192.0.2.1" and told in str(behind)


def test_a_received_that_the_peer_made_up_is_dropped() -> None:
    lying = Via.parse("SIP/2.0/UDP 192.0.2.1;branch=x;received=198.51.100.1")
    assert str(lying.seen_from("192.0.2.1", 9)) == "SIP/2.0/UDP 192.0.2.1;branch=x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "HTTP/1.1/TCP h",
        "SIP/2.0/UDP h:x",
        "SIP/2.0/UDP h:70000",
        "SIP/2.0/UDP h junk",
        "SIP/2.0/UDP h;;branch=x",
        "SIP/2.0/UDPh;branch=x",
        "SIP/2.0/UDP h;branch=x, SIP/2.0/UDP i",
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Via.parse(text)


def test_where_to_answer_is_salvaged_from_broken_parameters() -> None:
    """RFC 4475 §3.1.2.1."""
    via = Via.salvage("SIP/2.0/UDP 192.0.2.15:5070;;rport;Branch=z9hG4bK1;,;")
    assert (via.host, via.port, via.branch, via.rport) == ("192.0.2.15", 5070, "z9hG4bK1", 0)
    with pytest.raises(Malformed):
        Via.salvage("nonsense")


@given(st.text(alphabet='SIP/2.0UDP h:;=,[]"\t1') | st.text())
def test_any_text_is_a_via_or_malformed(text: str) -> None:
    for read in (Via.parse, Via.salvage):
        try:
            via = read(text)
        except Malformed:
            continue
        assert Via.parse(str(via)) == via

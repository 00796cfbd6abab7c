"""Which transaction a request belongs to, and where its responses go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.transaction.matching import identity, merge_id, note_source, reply_flow, server_key
from tests.support.transaction import PEER, STREAM, request


def name(message: Request) -> str:
    return identity(message, message.via)


def test_with_the_magic_cookie_branch_and_sent_by_count_and_the_call_id() -> None:
    """RFC 3261 §17.2.3; copies have the same Call-ID, scripts of peers the same branch in every call."""
    one = name(request("INVITE"))
    assert name(request("INVITE", cseq=9, from_tag="z")) == one
    assert name(request("INVITE", call_id="other")) != one
    assert name(request("ACK", to_tag="b")) == one and name(request("CANCEL")) == one
    assert name(request("INVITE", branch="z9hG4bK2")) != one
    assert name(request("INVITE", sent_by="192.0.2.1:5062")) != one
    assert name(request("INVITE", sent_by="192.0.2.1")) != one


@pytest.mark.parametrize("branch", ["1", "z9hG4bK"])
def test_without_it_an_rfc_2543_request_is_known_by_its_fields(branch: str) -> None:
    """RFC 3261 §17.2.3: Request-URI, From tag, Call-ID, CSeq number and top Via; the ACK has our To tag.

    The cookie alone makes no branch unique (RFC 4475 §3.2.1).
    """
    old = {"branch": branch}
    one = name(request("INVITE", **old))
    assert name(request("INVITE", **old)) == one
    assert name(request("ACK", to_tag="b", **old)) == one and name(request("CANCEL", **old)) == one
    different: tuple[dict[str, object], ...] = (
        {"uri": "sip:carol@biloxi.example"},
        {"from_tag": "z"},
        {"call_id": "c2"},
        {"cseq": 2},
        {"branch": "2"},
    )
    for parts in different:
        assert name(request("INVITE", **{**old, **parts})) != one


@pytest.mark.parametrize("field", ["Authorization", "Proxy-Authorization"])
def test_an_rfc_2543_request_with_its_proof_is_no_copy_of_the_one_that_was_challenged(field: str) -> None:
    """Though CSeq is the same, as scripts and old phones have it; a copy of it has the same proof."""

    def proven(method: str, proof: str, branch: str) -> Request:
        made = request(method, branch=branch)
        made.headers.add(field, proof)
        return made

    first, second = request("REGISTER", branch="1"), proven("REGISTER", "Digest a", "1")
    assert name(second) != name(first) and name(proven("REGISTER", "Digest a", "1")) == name(second)
    assert name(proven("INVITE", "Digest a", "1")) == name(request("ACK", branch="1"))
    good = "z9hG4bK1"
    assert name(proven("REGISTER", "Digest a", good)) == name(request("REGISTER", branch=good)), "RFC 3261"


def test_the_method_tells_a_cancel_from_its_invite() -> None:
    assert server_key("x", "INVITE") != server_key("x", "CANCEL")


def test_a_padded_identity_is_kept_as_a_digest() -> None:
    long = [request("INVITE", branch="z9hG4bK" + "x" * 5_000 + end) for end in "ab"]
    names = [name(message) for message in long]
    assert names[0] != names[1] and all(len(text) < 200 for text in names)
    assert len(merge_id(request("INVITE", call_id="c" * 5_000))) < 200


def test_merged_requests_share_from_tag_call_id_and_cseq() -> None:
    """RFC 3261 §8.2.2.2."""
    one = merge_id(request("INVITE"))
    assert merge_id(request("INVITE", branch="z9hG4bK2")) == one
    for parts in ({"from_tag": "z"}, {"call_id": "c2"}, {"cseq": 2}):
        assert merge_id(request("INVITE", **parts)) != one


@pytest.mark.parametrize(
    ("via", "sent_by", "flow", "port"),
    [
        (";rport", "10.0.0.1:5060", Flow(Transport.UDP, ("192.0.2.1", 4444)), 4444),  # RFC 3581 §4
        ("", "10.0.0.1:5070", Flow(Transport.UDP, ("192.0.2.1", 4444)), 5070),  # §18.2.2
        ("", "10.0.0.1", Flow(Transport.UDP, ("192.0.2.1", 4444)), 5060),
        (";maddr=203.0.113.9", "10.0.0.1", Flow(Transport.UDP, ("192.0.2.1", 5060)), 5060),  # declined
        ("", "10.0.0.1:5070", Flow(Transport.TCP, ("192.0.2.1", 40001), connection=3), 40001),
        (
            "",
            "df7jal23ls0d.invalid",
            Flow(Transport.WS, ("192.0.2.1", 40001), connection=3),
            40001,
        ),  # RFC 7118
    ],
)
def test_responses_go_to_the_source_address(via: str, sent_by: str, flow: Flow, port: int) -> None:
    message = request("OPTIONS", via=via, sent_by=sent_by)
    assert reply_flow(message.via, flow) == replace(flow, remote=(flow.remote[0], port))


@pytest.mark.parametrize(
    ("sent_by", "kind", "port"),
    [
        ("192.0.2.1:5070", Transport.TCP, 5070),
        ("192.0.2.1", Transport.TCP, 5060),
        ("192.0.2.1", Transport.TLS, 5061),
        ("df7jal23ls0d.invalid", Transport.WSS, 0),
    ],
)
def test_a_stream_that_ends_is_dialled_where_its_peer_listens(
    sent_by: str, kind: Transport, port: int
) -> None:
    """RFC 3261 §18.2.2."""
    message = request("OPTIONS", sent_by=sent_by)
    assert reply_flow(message.via, Flow(kind, ("192.0.2.1", 40_001), connection=3)).listens == port


def test_received_and_rport_are_put_into_the_top_via_only() -> None:
    """RFC 3261 §18.2.1, RFC 3581 §4."""
    message = request("OPTIONS", sent_by="10.0.0.1", via=";rport, SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx;rport")
    note_source(message, message.via, Flow(Transport.UDP, ("192.0.2.1", 4444)))
    assert (message.via.received, message.via.rport) == ("192.0.2.1", 4444)
    assert message.headers.elements("Via") == [str(message.via), "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx;rport"]
    assert b"rport=4444" in message.wire()


def test_a_via_that_tells_the_truth_is_left_alone() -> None:
    message = request("OPTIONS")
    before = message.wire()
    note_source(message, message.via, PEER)
    note_source(message, message.via, STREAM)
    assert message.wire() == before


@given(st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=400))
def test_merge_ids_of_any_text_are_short(call_id: str) -> None:
    message = request("INVITE")
    message.headers.set("Call-ID", call_id)
    assert len(merge_id(message)) <= 200

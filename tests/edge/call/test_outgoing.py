"""INVITEs that we send."""

from edge.call.outgoing import trunk_destination
from edge.journal import Binding
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


def test_a_number_on_a_trunk_is_dialled_at_its_proxy() -> None:
    directory = FakeDirectory()
    directory.add_trunk("main", "sip:carrier.example:5070")
    flow = Flow(Transport.UDP, ("192.0.2.10", 5070))
    destination = trunk_destination(directory.trunks["main"], "+14155550100", flow)
    assert str(destination.uri) == "sip:+14155550100@carrier.example:5070" and destination.flow is flow


def test_an_invite_names_caller_and_callee_and_counts_the_hops() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002", "bob")
    bench = Bench(directory)
    bob = Phone(bench, "bob", 3)
    bob.register()
    Phone(bench, "1001").dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    assert str(invite.from_.uri) == "sip:1001@demo.local" and invite.from_.tag
    assert str(invite.to.uri) == "sip:bob@demo.local" and not invite.to.tag
    assert str(invite.contacts[0].uri) == "sip:1001@127.0.0.1:5060"
    assert invite.max_forwards == 69 and invite.headers.get("Allow")


def test_a_path_is_taken_as_the_route() -> None:
    """RFC 3327 §5.1."""
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    bench = Bench(directory)
    bob = Phone(bench, "1002", 3)
    uri, to = "sip:demo.local", "<sip:1002@demo.local>"
    bob.say("REGISTER", uri, to=to)
    (challenge,) = bob.got()
    proof = bob.authorization(challenge, "REGISTER", uri)  # type: ignore[arg-type]
    path = "Path: <sip:edge.example;lr>\r\nSupported: path\r\n"
    bob.say("REGISTER", uri, to=to, headers=proof + path)
    bob.got()
    Phone(bench, "1001").dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and invite.headers.all("Route") == ["<sip:edge.example;lr>"]


def test_headers_of_a_contact_stay_behind() -> None:
    """RFC 3261 §19.1.1, Table 1: a Request-URI has none."""
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    bench = Bench(directory)
    bob = Phone(bench, "1002", 3)
    uri, to = "sip:demo.local", "<sip:1002@demo.local>"
    text = (
        f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bK{{}}\r\n"
        f"From: {to};tag=1\r\nTo: {to}\r\nCall-ID: r\r\nCSeq: {{}} REGISTER\r\n"
        "Contact: <sip:1002@127.0.0.3?Route=%3Csip:x%3E>\r\n{}\r\n"
    )
    bench.receive(text.format(1, 1, "").encode(), bob.source)
    (challenge,) = bob.got()
    proof = bob.authorization(challenge, "REGISTER", uri)  # type: ignore[arg-type]
    bench.receive(text.format(2, 2, proof).encode(), bob.source)
    bob.got()
    Phone(bench, "1001").dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and str(invite.uri) == "sip:1002@127.0.0.3"


def test_a_phone_whose_path_leads_nowhere_is_not_rung() -> None:
    """Of an earlier version, which kept what it could not read."""
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    bench = Bench(directory)
    way = "udp:127.0.0.3:5060/0/0"
    kept = Binding(ACC, "1002", "sip:1002@127.0.0.3", 1.0, 9_000_000, "c", 1, ("hello world",), way, "")
    bench.switch.registrar.load([kept], bench.now, int(bench.now * 1000))
    assert final(Phone(bench, "1001").dial("1002")).status == 480

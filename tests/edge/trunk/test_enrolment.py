"""Our registration at a carrier: refresh, digest, failover and back-off."""

from dataclasses import replace

import pytest

from edge.directory import Enrolment
from edge.sip.message import Request
from edge.trunk.enrolment import Registered
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone

CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="n", qop="auth", algorithm=MD5\r\n'


def bench(
    registrar: str = "sip:127.0.0.9:5060;transport=udp",
    zone: dict[tuple[str, str], list[str]] | None = None,
    realm: str = "",
) -> Bench:
    directory = FakeDirectory()
    directory.add_trunk("main", "sip:127.0.0.9:5060", username="us", password="pw", realm=realm)
    trunks = directory.trunks
    trunks["main"] = replace(trunks["main"], enrolment=Enrolment(registrar, 600))
    made = Bench(directory)
    made.zone.update(zone or {})
    made.switch.start(made.now)
    made.drain()
    return made


def state(bench: Bench) -> Registered | None:
    return bench.switch.trunks.registration(bench.directory.trunks["main"].id)


def register(carrier: Phone) -> Request:
    (request,) = carrier.got()
    assert isinstance(request, Request) and request.method == "REGISTER"
    return request


def test_it_registers_with_digest_and_refreshes_before_it_expires() -> None:
    made = bench()
    carrier = Phone(made, "carrier", 9)
    first = register(carrier)
    assert str(first.uri) == "sip:127.0.0.9:5060" and first.to.uri.user == "us"
    assert first.headers.get("Expires") == "600" and state(made) is Registered.TRYING
    carrier.reply(first, 401, headers=CHALLENGE)
    proven = register(carrier)
    assert 'username="us"' in (proven.headers.get("Authorization") or "")
    assert proven.call_id == first.call_id and proven.cseq.number == first.cseq.number + 1
    carrier.reply(proven, 200, headers="Contact: <sip:us@127.0.0.1:5060>;expires=100\r\n")
    assert state(made) is Registered.REGISTERED
    made.advance(84.0)
    assert carrier.got() == []
    made.advance(1.2)
    assert register(carrier).call_id == first.call_id


def test_the_next_registration_has_its_proof_and_an_old_nonce_is_replaced_at_once() -> None:
    """RFC 7616 §3.3, §3.4."""
    made = bench()
    carrier = Phone(made, "carrier", 9)
    carrier.reply(register(carrier), 401, headers=CHALLENGE)
    carrier.reply(register(carrier), 200)
    made.advance(600.0 * 0.85 + 0.1)
    later = register(carrier)
    assert "nc=00000002" in (later.headers.get("Authorization") or "")
    carrier.reply(later, 401, headers=CHALLENGE.replace('"n"', '"m"').replace("qop", "stale=true, qop"))
    last = register(carrier)
    assert "nc=00000001" in (last.headers.get("Authorization") or "")
    carrier.reply(last, 401, headers=CHALLENGE.replace('"n"', '"o"').replace("qop", "stale=true, qop"))
    carrier.reply(register(carrier), 200)
    assert state(made) is Registered.REGISTERED


def test_too_brief_is_asked_again_for_longer() -> None:
    """RFC 3261 §10.3: 423."""
    made = bench()
    carrier = Phone(made, "carrier", 9)
    carrier.reply(register(carrier), 423, headers="Min-Expires: 1800\r\n")
    again = register(carrier)
    assert again.headers.get("Expires") == "1800"
    carrier.reply(again, 200, headers="Expires: 1800\r\n")
    assert state(made) is Registered.REGISTERED


@pytest.mark.parametrize("status", [403, 404])
def test_a_carrier_that_refuses_is_asked_ever_later(status: int) -> None:
    """RFC 5626 §4.5: from 30 s to 30 min."""
    made = bench()
    carrier = Phone(made, "carrier", 9)
    waits = []
    for _ in range(10):
        carrier.reply(register(carrier), status)
        assert state(made) is Registered.REFUSED
        began = made.now
        while not any(flow.remote == carrier.source for _, flow in made.sent):
            made.advance(0.4)
        waits.append(round(made.now - began))
    assert 15 <= waits[0] <= 31 and 900 <= waits[-1] <= 1_801 and waits == sorted(waits)


def test_a_carrier_is_not_asked_before_the_time_that_it_names() -> None:
    """RFC 3261 §20.33, §21.5.4; but not later than we would by ourselves at the latest."""
    for told, wait in (("90 (maintenance);duration=60", 90), ("9999999", 1_800), ("soon", 16)):
        made = bench()
        carrier = Phone(made, "carrier", 9)
        carrier.reply(register(carrier), 503, headers=f"Retry-After: {told}\r\n")
        began = made.now
        while not any(flow.remote == carrier.source for _, flow in made.sent):
            made.advance(0.5)
        assert wait - 1 <= made.now - began <= wait + 15, told


def test_wrong_credentials_are_not_tried_twice_at_once() -> None:
    made = bench()
    carrier = Phone(made, "carrier", 9)
    carrier.reply(register(carrier), 401, headers=CHALLENGE)
    carrier.reply(register(carrier), 401, headers=CHALLENGE)
    assert carrier.got() == [] and state(made) is Registered.REFUSED


def test_the_next_server_is_asked_when_one_does_not_answer() -> None:
    directory_zone = {
        ("_sip._udp.carrier.example", "SRV"): ["1 0 5060 a.example.", "2 0 5060 b.example."],
        ("a.example", "A"): ["127.0.0.9"],
        ("b.example", "A"): ["127.0.0.10"],
    }
    directory = FakeDirectory()
    directory.add_trunk("main", "sip:carrier.example;transport=udp", username="us", password="pw")
    trunks = directory.trunks
    trunks["main"] = replace(trunks["main"], enrolment=Enrolment("sip:carrier.example;transport=udp", 600))
    made = Bench(directory)
    made.zone.update(directory_zone)
    made.switch.start(made.now)
    made.drain()
    first, second = Phone(made, "a", 9), Phone(made, "b", 10)
    register(first)
    made.advance(32.1)
    carrier = register(second)
    second.reply(carrier, 200, headers="Expires: 600\r\n")
    assert state(made) is Registered.REGISTERED
    made.take()
    made.switch.stop(made.now)
    made.drain()
    gone = register(second)
    assert gone.headers.get("Expires") == "0"


def test_nobody_there_is_unreachable_and_tried_again() -> None:
    made = bench()
    made.advance(32.1)
    assert state(made) is Registered.UNREACHABLE
    made.take()
    made.advance(31.0)
    assert made.take()


def test_a_server_that_failed_is_the_last_choice_of_the_next_refresh() -> None:
    """Else a brief binding at the second lapses each time while the first is waited for (RFC 3263 §4.3)."""
    zone = {
        ("_sip._udp.carrier.example", "SRV"): ["1 0 5060 a.example.", "2 0 5060 b.example."],
        ("a.example", "A"): ["127.0.0.9"],
        ("b.example", "A"): ["127.0.0.10"],
    }
    made = bench("sip:carrier.example;transport=udp", zone)
    first, second = Phone(made, "a", 9), Phone(made, "b", 10)
    first.reply(register(first), 500)
    second.reply(register(second), 200, headers="Expires: 60\r\n")
    made.advance(51.2)
    assert first.got() == []
    second.reply(register(second), 200, headers="Expires: 600\r\n")
    made.advance(510.2)
    assert register(first), "five minutes later it is the first again"


def test_a_proxy_and_the_registrar_behind_it_may_both_ask_who_we_are() -> None:
    """RFC 3261 §22.3: credentials for both, each once."""
    made = bench()
    carrier = Phone(made, "carrier", 9)
    carrier.reply(register(carrier), 407, headers=CHALLENGE.replace("WWW", "Proxy"))
    carrier.reply(register(carrier), 401, headers=CHALLENGE)
    third = register(carrier)
    assert third.headers.get("Authorization") and third.headers.get("Proxy-Authorization")
    carrier.reply(third, 401, headers=CHALLENGE)
    assert state(made) is Registered.REFUSED


def test_a_proxy_of_another_realm_gets_no_proof_and_is_named() -> None:
    """§22.3; what to change is told where the state is."""
    made = bench(realm="carrier")
    carrier = Phone(made, "carrier", 9)
    between = CHALLENGE.replace('"carrier"', '"between"').replace("WWW", "Proxy")
    carrier.reply(register(carrier), 407, headers=between)
    assert carrier.got() == [] and state(made) is Registered.REFUSED
    ((_, what, name, fix),) = made.trunk_reports
    assert (what, name) == ("registration", "refused") and "'between'" in fix and "change realm" in fix


def test_the_time_granted_is_read_off_a_contact_that_was_repaired() -> None:
    """Behind NAT the carrier returns the address that it saw; the user part is ours."""
    made = bench()
    carrier = Phone(made, "carrier", 9)
    seen = "Contact: <sip:other@192.0.2.1>;expires=7, <sip:us@198.51.100.7:41000>;expires=100\r\n"
    carrier.reply(register(carrier), 200, headers=f"Expires: 600\r\n{seen}")
    made.advance(84.0)
    assert carrier.got() == []
    made.advance(1.2)
    assert register(carrier)

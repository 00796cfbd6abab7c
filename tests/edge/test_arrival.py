"""Who may call what, and what a refusal leaves behind (`design.md` §6, order on INVITE)."""

from dataclasses import replace

import pytest

from edge.directory import Agent, Enrolment
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory)


def test_a_refused_call_of_a_known_caller_leaves_trace_and_cdr(bench: Bench) -> None:
    response = final(Phone(bench, "1001").dial("nobody"))
    assert response.status == 404 and "no_such_number" in (response.headers.get("Warning") or "")
    (cdr,) = bench.journal.cdrs
    assert (cdr.disposition, cdr.cause, cdr.sip_status, cdr.q850) == ("refused", "no_such_number", 404, 1)
    bench.advance(40.0)
    (rows,) = bench.journal.traces.values()
    assert any(row.event == "refused" and row.data["fix"] for row in rows)
    assert bench.idle()


def test_the_realm_is_that_of_from_where_the_host_is_nobodys(bench: Bench) -> None:
    accounts = bench.directory.accounts()
    bench.directory.accounts = lambda: accounts * 2  # type: ignore[method-assign]
    stranger = Phone(bench, "eve", 6)
    stranger.say("INVITE", "sip:1001@nobody.example", body=stranger.sdp(), to="<sip:1001@nobody.example>")
    # From is at demo.local: that account asks for proof.
    assert stranger.statuses() == [401]


def test_a_queue_that_is_not_there_says_so(bench: Bench) -> None:
    bench.directory.add_did("12025550123", "queue", "x")
    response = final(Phone(bench, "eve@away.example", 6).dial("12025550123"))
    assert response.status == 404 and "no_such_queue" in (response.headers.get("Warning") or "")


def test_who_is_taken_on_is_told_100_at_once_and_who_is_not_hears_that_alone(bench: Bench) -> None:
    """RFC 3261 §17.2.1: it stops the copies of a caller by UDP; its Timestamp comes back (§8.2.6.1)."""
    stranger = Phone(bench, "eve@away.example", 6)
    bench.directory.add_did("12025550123", "echo")
    trying, answer = stranger.dial("12025550123", headers="Timestamp: 54.3\r\n")
    assert isinstance(trying, Response) and trying.status == 100 and trying.headers.get("Timestamp") == "54.3"
    assert isinstance(answer, Response) and answer.status == 200
    refused = Phone(bench, "1001").dial("nobody")
    assert [m.status for m in refused if isinstance(m, Response)] == [404]


def test_a_did_set_to_hang_up_declines(bench: Bench) -> None:
    bench.directory.add_did("12025550123", "hangup")
    assert final(Phone(bench, "eve@away.example", 6).dial("12025550123")).status == 603


def test_an_agent_is_told_who_calls(bench: Bench) -> None:
    bench.directory.agents["greeter"] = Agent(
        ACC, "greeter", "tandem", "ws://127.0.0.1:1/", (("X-Key", "k"),), 16_000, True, 5.0
    )
    bench.directory.add_did("12025550123", "agent", "greeter")
    assert final(Phone(bench, "eve@away.example", 6).dial("12025550123")).status == 200
    (attach,) = bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent)
    assert dict(attach.parameters) == {"from": "eve", "to": "12025550123", "direction": "in"}
    assert attach.agent.sample_rate == 16_000 and "k" not in repr(attach.agent)


def test_an_agent_that_does_not_exist_is_404(bench: Bench) -> None:
    bench.directory.add_did("12025550123", "agent", "gone")
    assert final(Phone(bench, "eve@away.example", 6).dial("12025550123")).status == 404


def test_a_channel_limit_of_a_did_is_busy(bench: Bench) -> None:  # S004-25
    bench.directory.add_did("12025550123", "answer", max_channels=1)
    first = Phone(bench, "eve@away.example", 6)
    first.ack(final(first.dial("12025550123")))
    assert final(Phone(bench, "mallory@away.example", 7).dial("12025550123")).status == 486


def test_admission_is_written_before_the_call_is_answered(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.dial("*43")
    (opened,) = bench.journal.calls
    assert opened.caller == "1001" and opened.callee == "*43" and opened.sip_call_id == alice.call_id


def test_no_call_begins_while_the_journal_is_behind(bench: Bench) -> None:
    bench.journal.saturated = True
    phone = Phone(bench, "1001")
    phone.say("INVITE", "sip:*43@demo.local", body=phone.sdp())
    assert phone.statuses() == [503] and not bench.switch.calls


def test_a_did_takes_messages_for_a_user(bench: Bench) -> None:
    bench.directory.add_user("1001")
    bench.directory.add_did("12025550123", "voicemail", "1001")
    assert final(Phone(bench, "eve@away.example", 6).dial("12025550123")).status == 200
    (call,) = bench.switch.calls.values()
    assert [row.node_id for row in call.trace.waiting() if row.event == "command"] == ["message"]


def test_a_call_that_nobody_answers_ends_when_its_invite_expires(bench: Bench) -> None:
    """RFC 3261 §13.3.1: 487, and the phone that rings is cancelled; what was answered goes on."""
    bench.directory.add_user("1002")
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    alice.dial("1002", headers="Expires: 5\r\n")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    bench.advance(4.0)
    assert final_of(alice) == [] and len(bench.switch.calls) == 1
    bench.advance(1.0)
    assert final_of(alice) == [487] and bob.got()[0].start_line().startswith("CANCEL")
    (cdr,) = bench.journal.cdrs
    assert (cdr.disposition, cdr.cause) == ("no_answer", "invite_expired")
    echo = Phone(bench, "1001", 4)
    echo.ack(final(echo.dial("*43", headers="Expires: 5\r\n")))
    bench.advance(10.0)
    assert len(bench.switch.calls) == 1


def final_of(phone: Phone) -> list[int]:
    return [status for status in phone.statuses() if status >= 200]


@pytest.fixture
def registered(bench: Bench) -> Phone:
    """The carrier where we registered as `us`, without `auth.ip`; the DID is an echo."""
    directory = bench.directory
    directory.add_did("12025550123", "echo")
    directory.add_trunk("main", "sip:127.0.0.9:5060", username="us", password="pw")
    enrolment = Enrolment("sip:127.0.0.9:5060;transport=udp", 600)
    directory.trunks["main"] = replace(directory.trunks["main"], enrolment=enrolment)
    bench.switch.start(bench.now)
    bench.drain()
    carrier = Phone(bench, "+14155550100", 9)
    (asked,) = carrier.got()
    assert isinstance(asked, Request)
    carrier.reply(asked, 200, headers="Expires: 600\r\n")
    return carrier


@pytest.mark.parametrize(
    ("to", "headers"),
    [
        ("sip:12025550123@carrier.example", ""),
        ("sip:us@carrier.example", "P-Called-Party-ID: <sip:+12025550123@carrier.example>\r\n"),
        ("sip:12025550123@carrier.example", "P-Called-Party-ID: what\r\n"),
    ],
)
def test_a_carrier_calls_the_contact_that_we_registered(
    bench: Bench, registered: Phone, to: str, headers: str
) -> None:
    """RFC 3261 §16.5 puts our Contact in the number's place; RFC 7315 §4.2 or To tell which number it was."""
    registered.say("INVITE", "sip:us@127.0.0.1:5060", to=f"<{to}>", body=registered.sdp(), headers=headers)
    answered = final(registered.got())
    assert answered.status == 200 and bench.switch.calls
    registered.ack(answered)
    (call,) = bench.switch.calls.values()
    assert call.route.trunk_in is not None and call.route.did is not None


def test_a_number_that_the_carrier_asks_for_and_we_have_not_is_not_found(
    bench: Bench, registered: Phone
) -> None:
    registered.say("INVITE", "sip:us@127.0.0.1:5060", to="<sip:12025550199@c.example>", body=registered.sdp())
    assert final(registered.got()).status == 404


def test_nobody_else_calls_our_registered_contact(bench: Bench, registered: Phone) -> None:
    other = Phone(bench, "+14155550100", 10)
    other.say("INVITE", "sip:us@127.0.0.1:5060", to="<sip:12025550123@c.example>", body=other.sdp())
    assert final(other.got()).status == 401


def test_what_else_comes_from_the_carriers_address_has_to_prove_itself(
    bench: Bench, registered: Phone
) -> None:
    """A proxy may serve our phones as well as the carrier."""
    registered.say("INVITE", "sip:1001@127.0.0.1:5060", body=registered.sdp())
    assert final(registered.got()).status == 401

"""When a session is forgotten: not when its call ends, but when nothing of it is left on the wire."""

import pytest

from edge.sip.message import Request
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002", "bob")
    return Bench(directory)


def test_a_session_outlives_its_call_until_its_bye_is_answered(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    bench.switch.hang_up_all("test", bench.now)
    bench.drain()
    assert not bench.switch.calls and bench.switch.sessions == 1
    (bye,) = alice.got()
    assert isinstance(bye, Request)
    alice.reply(bye, 200)
    assert bench.switch.sessions == 0


def test_the_row_of_that_answer_is_still_in_the_trace(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    bench.switch.hang_up_all("test", bench.now)
    bench.drain()
    (bye,) = alice.got()
    assert isinstance(bye, Request)
    alice.reply(bye, 200)
    (rows,) = bench.journal.traces.values()
    assert [(row.event, row.outcome) for row in rows if row.layer == "sip"][-2:] == [
        ("BYE", "sent"),
        ("200", "received"),
    ]


def test_two_calls_may_share_a_call_id(bench: Bench) -> None:
    """`design.md` §6: the SIP Call-ID is a non-unique index."""
    first, second = Phone(bench, "1001", 4), Phone(bench, "1001", 5)
    second.call_id = first.call_id
    for phone in (first, second):
        phone.ack(final(phone.dial("*43")))
    assert len(bench.switch.calls) == 2
    for phone in (first, second):
        phone.bye()
        assert phone.statuses() == [200]
    bench.advance(64.0)
    assert bench.idle() and len(bench.journal.cdrs) == 2


def test_a_request_with_our_tag_but_another_peers_is_481(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    alice.tag = "somebody-else"
    alice.bye()
    assert alice.statuses() == [481] and len(bench.switch.calls) == 1


def test_a_late_answer_to_a_cancelled_call_is_hung_up(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    alice.got()
    alice.say("CANCEL", "sip:1002@demo.local", branch=alice.invite_branch, cseq=alice.cseq)
    bob.got()
    bob.reply(invite, 200, bob.sdp())
    got = [m.method for m in bob.got() if isinstance(m, Request)]
    assert got == ["ACK", "BYE"]

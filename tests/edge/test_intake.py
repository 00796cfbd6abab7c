"""Messages that were read together: served in a row, with the outcome of one by one."""

from typing import Any

import pytest

from edge.reception import Reception
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final

DID = "sip:12025550123@demo.local"


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    directory.add_did("12025550123", "answer")
    return Bench(directory)


def strangers(bench: Bench) -> list[Phone]:
    return [Phone(bench, "eve@away.example", n) for n in range(20, 30)]


def test_calls_are_answered_and_ended_as_they_would_be_one_by_one(bench: Bench) -> None:
    eves = strangers(bench)
    with bench.together():
        for eve in eves:
            eve.say("INVITE", DID, body=eve.sdp())
    answers = [final(eve.got()) for eve in eves]
    assert [answer.status for answer in answers] == [200] * 10 and len(bench.switch.calls) == 10
    with bench.together():
        for eve, answer in zip(eves, answers, strict=True):
            eve.ack(answer)
            target, to = str(answer.contacts[0].uri), answer.headers.get("To") or ""
            eve.say("BYE", target, to=to)
    assert [eve.statuses() for eve in eves] == [[200]] * 10
    assert [cdr.cause for cdr in bench.journal.cdrs] == ["caller_hangup"] * 10
    bench.advance(33.0)
    assert bench.idle()


def test_a_cancel_beside_its_invite_is_part_of_the_call(bench: Bench) -> None:  # RFC 3261 §9.2
    eve = Phone(bench, "eve@away.example", 20)
    with bench.together():
        eve.say("INVITE", DID, body=eve.sdp())
        eve.say("CANCEL", DID, branch=eve.invite_branch, cseq=eve.cseq)
    assert [status for status in eve.statuses() if status > 100] == [200, 487]
    (cdr,) = bench.journal.cdrs
    assert cdr.disposition == "cancelled"
    rows = [row.event for row in bench.journal.traces[cdr.id] if row.layer == "sip"]
    assert rows == ["INVITE", "CANCEL", "200", "487"]


def test_copies_beside_each_other_are_one_call(bench: Bench) -> None:  # RFC 3261 §17.2.3
    eve = Phone(bench, "eve@away.example", 20)
    with bench.together():
        for _ in range(3):
            eve.say("INVITE", DID, body=eve.sdp(), branch="z9hG4bKsame", cseq=1)
    assert set(eve.statuses()) == {100, 200} and len(bench.switch.calls) == 1


def test_an_error_of_ours_costs_one_message(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    eves = strangers(bench)
    served = Reception.receive

    def receive(self: Reception, request: Request, *rest: Any) -> None:
        if request.call_id == eves[3].call_id:
            raise KeyError("ours")
        served(self, request, *rest)

    monkeypatch.setattr(Reception, "receive", receive)
    with pytest.raises(KeyError, match="ours"), bench.together():
        for eve in eves:
            eve.say("INVITE", DID, body=eve.sdp())
    bench.drain()
    assert [[m.status for m in eve.got() if isinstance(m, Response)][-1:] for eve in eves] == [
        [] if n == 3 else [200] for n in range(10)
    ]

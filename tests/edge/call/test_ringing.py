"""One party being rung: what its owner hears of it (most of it is proved with the bridge)."""

import pytest

from edge.call.call import Call
from edge.call.ringing import Ringing
from edge.call.treatment import Treatment
from edge.call.user_ringing import UserRinging
from edge.error import Refusal
from edge.sip.message import Request, Response
from edge.sip.session import Session
from edge.sip.session_event import Ended, SessionEvent
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


class Owner:
    """An `edge.call.ringing.Rings` that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def progressed(self, ringing: Ringing, status: int, now: float, *, early: bool) -> None:
        self.heard.append(f"{status} early" if early else f"{status}")

    def answered(self, ringing: Ringing, now: float) -> None:
        self.heard.append("answered")

    def refused(self, ringing: Ringing, refusal: Refusal, now: float) -> None:
        self.heard.append(refusal.code)

    def unanswered(self, ringing: Ringing, now: float) -> None:
        self.heard.append("unanswered")

    def left(self, ringing: Ringing, event: Ended, now: float) -> None:
        self.heard.append("left")


class Ring(Treatment):
    def __init__(self, ringing: Ringing) -> None:
        self._ringing = ringing

    def allocated(self, call: Call, leg: object, now: float) -> None:
        self._ringing.allocated(leg, now)  # type: ignore[arg-type]

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        assert self._ringing.owns(session)
        self._ringing.session_event(session, event, now)


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    directory.extensions["77"] = directory.extensions["*43"]
    return Bench(directory)


def rung(bench: Bench, *, early_media: bool = True, caller: str = "") -> tuple[Ringing, Owner, Phone]:
    """1001 is in a call, and 1002 is rung for it for 10 s."""
    bob = Phone(bench, "1002", 3)
    bob.register()
    alice = Phone(bench, "1001")
    alice.dial("*43")
    (call,) = bench.switch.calls.values()
    owner = Owner()
    callee = bench.directory.user(ACC, "1002")
    assert callee is not None
    ringing = UserRinging(call, owner, callee, seconds=10.0, caller=caller, early_media=early_media)
    call.treatment = Ring(ringing)
    ringing.start(bench.now)
    bench.drain()
    return ringing, owner, bob


def test_its_owner_hears_of_ringing_and_answer(bench: Bench) -> None:
    ringing, owner, bob = rung(bench, caller="4242")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and "sip:4242@demo.local" in (invite.headers.get("From") or "")
    bob.reply(invite, 180)
    bob.reply(invite, 200, bob.sdp())
    assert owner.heard == ["180", "answered"]
    bench.advance(15.0)
    assert owner.heard == ["180", "answered"], "the time to ring is over with the answer"
    ringing.leave(bench.now, "")
    bench.drain()
    methods = [message.method for message in bob.got() if isinstance(message, Request)]
    assert methods[-1] == "BYE" and ringing.leg is not None and ringing.leg.id not in bench.legs


def test_early_media_can_be_declined(bench: Bench) -> None:
    _, owner, bob = rung(bench, early_media=False)
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 183, bob.sdp())
    assert owner.heard == ["180"]
    _, owner, bob = rung(Bench(bench.directory))
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 183, bob.sdp())
    assert owner.heard == ["183 early"]


def test_who_does_not_pick_up_is_told_once_and_cancelled_by_the_owner(bench: Bench) -> None:
    ringing, owner, bob = rung(bench)
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    bench.advance(10.0)
    assert owner.heard == ["180", "unanswered"]
    ringing.leave(bench.now, "")
    bench.drain()
    assert [m.method for m in bob.got() if isinstance(m, Request)] == ["CANCEL"]
    bob.reply(invite, 200, bob.sdp())
    assert owner.heard == ["180", "unanswered"], "what is late changes nothing"
    assert [m.method for m in bob.got() if isinstance(m, Request)] == ["ACK", "BYE"]


def test_who_has_no_phone_is_told_at_once(bench: Bench) -> None:
    Phone(bench, "1001").dial("*43")
    (call,) = bench.switch.calls.values()
    owner = Owner()
    callee = bench.directory.user(ACC, "1002")
    assert callee is not None
    UserRinging(call, owner, callee, seconds=10.0).start(bench.now)
    assert owner.heard == ["not_registered"] and len(bench.commanded(port.Allocate)) == 1


def test_who_picks_up_is_heard_though_another_played_the_early_media(bench: Bench) -> None:
    """RFC 3261 §13.2.2.4: a fork downstream; its 200 has a tag and an address of its own."""
    _, owner, bob = rung(bench)
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 183, bob.sdp(40_000), tag="announcement")
    bob.reply(invite, 200, bob.sdp(50_000), tag="phone")
    assert owner.heard == ["183 early", "answered"]
    last = [c for c in bench.commanded(port.Connect) if isinstance(c, port.Connect)][-1]
    assert last.remote == (bob.source[0], 50_000)


@pytest.mark.parametrize("status", [401, 415, 420, 423, 487, 491, 494])
def test_what_is_amiss_between_us_and_the_callee_is_not_told_to_the_caller_as_its_own_fault(
    bench: Bench, status: int
) -> None:
    """RFC 3261 §21.4: a 420 without Unsupported would mean nothing."""
    Phone(bench, "1002", 3).register()
    caller, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    caller.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, status)
    answer = final(caller.got())
    assert answer.status == 480 and f"answered {status}" in (answer.headers.get("Warning") or "")


def test_an_answer_that_cannot_be_read_is_a_bad_gateway_and_no_bad_request(bench: Bench) -> None:
    caller, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    caller.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 200, "hello")
    assert final(caller.got()).status == 502
    assert [m.method for m in bob.got() if isinstance(m, Request)] == ["ACK", "BYE"]


def test_a_callee_that_answers_without_a_tag_and_has_one_later_is_the_same(bench: Bench) -> None:
    """RFC 3261 §12.1.2: a missing tag is the null tag; our own one says which dialog it is."""
    _, owner, bob = rung(bench)
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    answer = Response(200, "OK", invite.headers.copy(), bob.sdp().encode())
    answer.headers.set("Content-Type", "application/sdp")
    bench.receive(answer.wire(), bob.source)
    assert owner.heard == ["answered"]
    bob.call_id, bob.tag = invite.call_id, "late"
    bob.say("INFO", str(invite.contacts[0].uri), to=str(invite.from_))
    assert 200 in bob.statuses()
    bob.say("BYE", str(invite.contacts[0].uri), to=str(invite.from_))
    assert owner.heard == ["answered", "left"]

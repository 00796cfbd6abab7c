"""A switch whose door lets one call a second in: who is turned away, and who never is."""

import pytest

from config.schema import SipLimits
from edge.overload.capacity import PERIOD, Capacity, Period
from edge.overload.turnstile import CHALLENGED, weight
from edge.sip.message import Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    directory.add_did("12025550123", "answer")
    return Bench(directory, capacity=Capacity(0.001, configured=1.0))


def crowd(bench: Bench) -> None:
    """Spend what may come at once."""
    for n in range(20, 23):
        Phone(bench, "eve@away.example", n).dial("12025550123")
    bench.take()
    bench.switch.turnstile.shed.clear()


def test_past_the_rate_a_new_call_gets_503_with_a_time_and_a_reason(bench: Bench) -> None:
    crowd(bench)
    calls = len(bench.switch.calls)
    refused = final(Phone(bench, "eve@away.example", 30).dial("12025550123"))
    assert refused.status == 503 and 2 <= int(refused.headers.get("Retry-After") or 0) <= 9
    assert "overloaded" in (refused.headers.get("Warning") or "")
    assert len(bench.switch.calls) == calls and bench.switch.turnstile.shed["INVITE"] == 1
    assert len(bench.switch.layer) == calls, "a refusal leaves no transaction"


def test_what_is_read_together_is_counted_one_by_one(bench: Bench) -> None:
    eves = [Phone(bench, "eve@away.example", n) for n in range(20, 40)]
    with bench.together():
        for eve in eves:
            eve.say("INVITE", "sip:12025550123@demo.local", body=eve.sdp())
    answers = [eve.statuses()[-1] for eve in eves]
    assert answers.count(503) == 18 and len(bench.switch.calls) == 2


def test_a_copy_that_is_read_with_what_was_let_in_is_not_refused(bench: Bench) -> None:
    eve = Phone(bench, "eve@away.example", 20)
    with bench.together():
        for n in (20, 21):
            Phone(bench, "eve@away.example", n).say(
                "INVITE", "sip:12025550123@demo.local", branch="z9hG4bKsame", cseq=1
            )
        for _ in range(3):
            eve.say("INVITE", "sip:12025550123@demo.local", branch="z9hG4bKsame", cseq=1)
    assert 503 not in eve.statuses() and bench.switch.turnstile.refused == 0


def test_its_ack_is_absorbed_and_costs_nothing(bench: Bench) -> None:
    crowd(bench)
    eve = Phone(bench, "eve@away.example", 30)
    eve.ack(final(eve.dial("12025550123")), "sip:12025550123@demo.local")
    assert eve.got() == []


def test_the_same_request_gets_the_same_answer(bench: Bench) -> None:  # RFC 3261 §8.2.7
    crowd(bench)
    eve = Phone(bench, "eve@away.example", 30)
    answers = []
    for _ in range(2):
        eve.say("INVITE", "sip:12025550123@demo.local", body=eve.sdp(), branch="z9hG4bKsame", cseq=1)
        answers.append(eve.got()[0].wire())
    assert answers[0] == answers[1]


def test_a_copy_of_what_was_refused_is_refused_even_when_there_is_room_again(bench: Bench) -> None:
    """Its caller has heard the 503 and is gone: a call would ring for nobody."""
    crowd(bench)
    eve = Phone(bench, "eve@away.example", 30)
    eve.say("INVITE", "sip:12025550123@demo.local", body=eve.sdp(), branch="z9hG4bKsame", cseq=1)
    assert eve.statuses() == [503]
    bench.advance(4.0)
    calls = len(bench.switch.calls)
    eve.say("INVITE", "sip:12025550123@demo.local", body=eve.sdp(), branch="z9hG4bKsame", cseq=1)
    assert eve.statuses() == [503] and len(bench.switch.calls) == calls
    assert bench.switch.turnstile.shed["INVITE"] == 1, "copies are not counted"
    assert final(Phone(bench, "eve@away.example", 31).dial("12025550123")).status == 200


def test_whoever_was_challenged_gets_in_with_the_proof_although_it_has_become_crowded(bench: Bench) -> None:
    alice, uri = Phone(bench, "1001"), "sip:*43@demo.local"
    alice.say("INVITE", uri, body=alice.sdp())
    (challenge,) = alice.got()
    assert isinstance(challenge, Response) and challenge.status == 401
    alice.ack(challenge, uri)
    bench.switch.turnstile.charge(5.0)
    alice.say("INVITE", uri, body=alice.sdp(), headers=alice.authorization(challenge, "INVITE", uri))
    assert final(alice.got()).status == 200
    proof = alice.authorization(challenge, "INVITE", uri)
    other = Phone(bench, "1002", 40)
    other.say("INVITE", uri, body=other.sdp(), headers=proof)
    assert other.statuses() == [503], "credentials that nobody was asked for wait their turn"


def test_room_is_kept_for_the_second_round_and_paid_once(bench: Bench) -> None:
    turnstile = bench.switch.turnstile
    before = turnstile._level
    turnstile.charge(CHALLENGED)
    turnstile.challenged("a@b", 1.0, bench.now)
    assert turnstile._level == pytest.approx(before - CHALLENGED - 1.0)
    turnstile.charge(1.0, "a@b")
    assert turnstile._level == pytest.approx(before - CHALLENGED - 1.0)
    turnstile.charge(1.0, "a@b")
    assert turnstile._level == pytest.approx(before - CHALLENGED - 2.0)


def test_no_room_comes_back_while_what_is_read_has_waited_too_long() -> None:
    waited = 0.5
    directory = FakeDirectory()
    directory.add_did("12025550123", "answer")
    bench = Bench(directory, capacity=Capacity(0.001, configured=1000.0), waited=lambda: waited)
    assert final(Phone(bench, "eve@away.example", 29).dial("12025550123")).status == 200, (
        "it was only a stall"
    )
    bench.switch.turnstile.charge(160)
    bench.now += 1.0
    eve = Phone(bench, "eve@away.example", 30)
    assert final(eve.dial("12025550123")).status == 503
    waited = 0.01
    bench.now += 0.1
    answered = final(eve.dial("12025550123"))
    assert answered.status == 200
    waited = 0.5
    eve.ack(answered)
    eve.bye()
    assert eve.statuses() == [200]


def test_what_belongs_to_a_call_passes(bench: Bench) -> None:
    caller = Phone(bench, "eve@away.example", 9)
    answered = final(caller.dial("12025550123"))
    crowd(bench)
    caller.ack(answered)
    caller.say("INFO", caller.remote, to=caller.to)
    caller.say("INVITE", caller.remote, to=caller.to, body=caller.sdp(40_002))
    again = final(caller.got()[1:])
    caller.ack(again)
    caller.bye()
    assert again.status == 200 and caller.statuses() == [200]


def test_a_call_that_rings_can_be_cancelled(bench: Bench) -> None:
    bob = Phone(bench, "1002", 3)
    bob.register()
    bench.now += 5
    alice = Phone(bench, "1001")
    alice.dial("1002")
    crowd(bench)
    alice.say("CANCEL", "sip:1002@demo.local", branch=alice.invite_branch, cseq=alice.cseq)
    assert 487 in alice.statuses()


def test_a_copy_of_what_was_let_in_is_not_refused(bench: Bench) -> None:
    bob = Phone(bench, "1002", 3)
    bob.register()
    bench.now += 5
    alice = Phone(bench, "1001")
    alice.dial("1002")
    crowd(bench)
    alice.say("INVITE", "sip:1002@demo.local", branch=alice.invite_branch, cseq=alice.cseq)
    assert 503 not in alice.statuses()


def busy(*, per_second: float = 100.0, waiting: int = 10_000) -> Bench:
    """No room for what is new; two phones are registered. Calls at once: a fifth of `per_second`."""
    directory = FakeDirectory()
    for number in ("1001", "1002", "1003"):
        directory.add_user(number)
    directory.add_did("12025550123", "answer")
    limits = SipLimits(registrations_waiting=waiting)
    bench = Bench(directory, limits, capacity=Capacity(0.001, configured=per_second))
    assert Phone(bench, "1001").register().status == Phone(bench, "1002", 3).register().status == 200
    bench.advance(40.0)
    turnstile = bench.switch.turnstile
    turnstile._refill(bench.now)
    turnstile.charge(turnstile._level - 0.01 * per_second)
    return bench


def knock(phone: Phone, branch: str = "") -> None:
    phone.say("REGISTER", "sip:demo.local", to=f"<sip:{phone.number}@demo.local>", branch=branch, cseq=1)


def test_registrations_that_there_is_no_room_for_wait_and_their_copies_with_them() -> None:
    bench = busy()
    known, stranger = Phone(bench, "1001"), Phone(bench, "1003", 44)
    for _ in range(3):
        knock(known, "z9hG4bKknown")
        knock(stranger, "z9hG4bKstranger")
    assert known.got() == stranger.got() == [] and len(bench.switch.turnstile.waiting) == 2
    bench.advance(0.5)
    assert known.statuses() == stranger.statuses() == [401]
    assert not bench.switch.turnstile.waiting and bench.switch.turnstile.refused == 0


def test_calls_go_before_registrations_that_wait_which_have_a_part_of_the_room_whatever_calls_do() -> None:
    bench = busy()
    turnstile = bench.switch.turnstile
    for n in range(100):
        knock(Phone(bench, "1001"), f"z9hG4bK{n}")
    bench.advance(0.1)
    assert final(Phone(bench, "eve@away.example", 30).dial("12025550123")).status == 200
    before = len(turnstile.waiting)
    for _ in range(100):
        bench.advance(0.01)
        turnstile.charge(1.0)  # calls take all the room
    assert before - len(turnstile.waiting) == pytest.approx(0.25 * 100 / (2 * weight("REGISTER")), abs=2)
    bench.advance(2.0)
    assert not turnstile.waiting, "now there are no calls"


def test_the_second_round_of_a_registration_does_not_wait_again() -> None:
    bench = busy()
    known = Phone(bench, "1001")
    knock(known)
    bench.advance(0.5)
    challenge = final(known.got())
    bench.switch.turnstile.charge(10.0)
    proof = known.authorization(challenge, "REGISTER", "sip:demo.local")
    known.say("REGISTER", "sip:demo.local", to="<sip:1001@demo.local>", headers=proof)
    assert known.statuses() == [200]


def test_where_too_many_wait_strangers_are_turned_away_first_and_then_all() -> None:
    bench = busy(waiting=4)
    turnstile = bench.switch.turnstile
    turnstile.charge(10.0)
    for n in range(44, 47):
        knock(Phone(bench, "1003", n))
    assert turnstile.shed["REGISTER"] == 1 and len(turnstile.waiting) == 2
    for n in range(4):
        knock(Phone(bench, "1001"), f"z9hG4bK{n}")
    assert turnstile.shed["REGISTER"] == 1 and len(turnstile.waiting) == 4, "refreshed: in arrears"
    turnstile.charge(100.0)
    knock(Phone(bench, "1001"), "z9hG4bKlast")
    assert turnstile.shed["REGISTER"] == 2


def test_nobody_waits_who_could_not_be_served_in_time() -> None:
    bench = busy(per_second=1.0)
    for n in range(20):
        knock(Phone(bench, "1001"), f"z9hG4bK{n}")
    turnstile = bench.switch.turnstile
    assert len(turnstile.waiting) == 14 and turnstile.waiting.holds(b"") is False
    bench.switch.turnstile.charge(100.0)
    bench.advance(17.0)
    assert not turnstile.waiting


def test_those_that_wait_go_on_at_once_when_there_is_room_for_everybody() -> None:
    capacity = Capacity(0.001)
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory, capacity=capacity)
    capacity.holds = True
    bench.switch.turnstile._refill(bench.now)
    bench.switch.turnstile.charge(1000.0)
    for n in range(100):
        knock(Phone(bench, "1001"), f"z9hG4bK{n}")
    waiting = bench.switch.turnstile.waiting
    assert len(waiting) == 100
    capacity.holds = False
    bench.advance(0.011)
    assert len(waiting) == 36, "in parts: audio must get its turn"
    bench.advance(0.011)
    assert not waiting


def test_who_brings_credentials_comes_before_who_brings_none(bench: Bench) -> None:
    alice, uri = Phone(bench, "1001"), "sip:*43@demo.local"
    alice.say("INVITE", uri, body=alice.sdp())
    (challenge,) = alice.got()
    assert isinstance(challenge, Response) and challenge.status == 401
    alice.ack(challenge, uri)
    bench.switch.turnstile.charge(1.6)
    assert final(Phone(bench, "eve@away.example", 30).dial("12025550123")).status == 503
    alice.say("INVITE", uri, body=alice.sdp(), headers=alice.authorization(challenge, "INVITE", uri))
    assert final(alice.got()).status == 200


def test_the_door_opens_again_as_time_goes_by(bench: Bench) -> None:
    crowd(bench)
    bench.advance(4.0)
    assert final(Phone(bench, "eve@away.example", 30).dial("12025550123")).status == 200


def test_a_scanner_is_banned_and_not_told_that_we_are_busy(bench: Bench) -> None:
    crowd(bench)
    scanner = Phone(bench, "eve@away.example", 30)
    scanner.say("OPTIONS", "sip:demo.local", headers="User-Agent: friendly-scanner\r\n")
    assert scanner.got() == [] and bench.shield.banned("127.0.0.30", bench.now)


def test_every_kind_of_request_weighs_something() -> None:
    assert weight("INVITE") == 1.0 and 0 < weight("SUBSCRIBE") < 1 and 0 < weight("PUBLISH") < 1


@pytest.fixture
def capacity() -> Capacity:
    return Capacity(0.001, full=0.85)


@pytest.fixture
def roomy(capacity: Capacity) -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_did("12025550123", "answer")
    return Bench(directory, capacity=capacity)


def fill(capacity: Capacity) -> None:
    """Live audio takes a core."""
    for _ in range(20):
        capacity.observe(Period(PERIOD, 0, 0, 0.0, 0.9, 0.0, 0.9))


def test_a_node_full_of_audio_takes_no_new_call_and_serves_all_else(roomy: Bench, capacity: Capacity) -> None:
    alice, eve, uri = Phone(roomy, "1001"), Phone(roomy, "eve@away.example", 30), "sip:12025550123@demo.local"
    alice.register()
    up = final(eve.dial("12025550123"))
    eve.ack(up, uri)
    fill(capacity)
    refused = final(Phone(roomy, "eve@away.example", 31).dial("12025550123"))
    assert refused.status == 503 and 2 <= int(refused.headers.get("Retry-After") or 0) <= 9
    assert "full" in (refused.headers.get("Warning") or "")
    assert alice.register().status == 200
    eve.say("INVITE", uri, to=up.headers.get("To"), body=eve.sdp())
    assert final(eve.got()).status == 200, "the call that is up may hold and resume"


def test_a_copy_of_a_call_that_was_let_in_is_not_refused_when_the_node_fills(
    roomy: Bench, capacity: Capacity
) -> None:
    eve = Phone(roomy, "eve@away.example", 30)
    for _ in range(2):
        eve.say("INVITE", "sip:12025550123@demo.local", body=eve.sdp(), branch="z9hG4bKsame", cseq=1)
        assert 503 not in eve.statuses()
        fill(capacity)


def test_who_was_challenged_before_the_node_was_full_may_prove_himself(
    roomy: Bench, capacity: Capacity
) -> None:
    alice, uri = Phone(roomy, "1001"), "sip:*43@demo.local"
    alice.say("INVITE", uri, body=alice.sdp())
    (challenge,) = alice.got()
    assert isinstance(challenge, Response)
    alice.ack(challenge, uri)
    fill(capacity)
    alice.say("INVITE", uri, body=alice.sdp(), headers=alice.authorization(challenge, "INVITE", uri))
    assert final(alice.got()).status == 200

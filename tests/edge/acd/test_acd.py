"""Callers, agents and the offers between them, on the hand clock (S004-48, S004-51…56)."""

from dataclasses import replace

import pytest

from edge.acd.acd import LOOK_SECONDS
from edge.acd.lease import Why
from edge.acd.state import State, Status
from edge.acd.terms import AgentId, Member, QueueTerms, Strategy, ai_agent
from edge.acd.ticket import Exit
from edge.directory import AccountId, Agent
from edge.error import Refusal
from tests.support.acd import Desk, FakeCaller, member, user
from tests.support.directory import ACC

QUEUE = QueueTerms("support", "q_support", members=(member("1001"), member("1002"), member("1003")))
ALL = replace(QUEUE, strategy=Strategy.RING_ALL)


def refused(desk: Desk, name: str, queue: str = "support") -> Refusal:
    caller = FakeCaller(desk, name)  # type: ignore[arg-type]
    found = desk.acd.join(caller.call, ACC, queue, caller, desk.now)
    assert found is not None
    return found


# Offers.


def test_only_who_is_available_waiting_reachable_and_in_no_call_is_rung() -> None:  # S004-48
    desk = Desk(replace(QUEUE, leave_when_empty=False))
    caller = desk.joins("a")
    assert not caller.offers  # everybody is offline
    desk.tell("1001", "login")
    assert not caller.offers  # signing in is not being available
    desk.unreachable.add(user("1001"))
    desk.tell("1001", "available")
    assert not caller.offers
    desk.unreachable.clear()
    desk.occupied.add(user("1001"))
    desk.acd.changed(desk.now)
    assert not caller.offers
    desk.occupied.clear()
    desk.advance(LOOK_SECONDS)  # also where nobody told us that the call is over
    assert caller.rung == ["1001"] and desk.agent("1001").state is State.OFFERING


def test_calls_and_phones_of_one_account_leave_the_queues_of_others_alone() -> None:
    """Each call that ends is told of here: that must not cost a look at the queues of every account."""
    desk = Desk(replace(QUEUE, leave_when_empty=False))
    desk.tell("1001", "login")
    desk.tell("1001", "available")
    desk.occupied.add(user("1001"))
    caller = desk.joins("a")
    desk.occupied.clear()
    desk.acd.changed(desk.now, AccountId("acc_other"))
    assert not caller.offers
    desk.acd.changed(desk.now, ACC)
    assert caller.rung == ["1001"]


def test_one_agent_is_offered_one_caller_and_one_caller_to_one_agent() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    first, second = desk.joins("a"), desk.joins("b")
    desk.ready("1002", "1003")
    assert (first.rung, second.rung) == (["1001"], ["1002"])
    assert desk.agent("1003").state is State.WAITING


def test_who_came_first_is_served_first_and_priority_before_that() -> None:
    desk = Desk(replace(QUEUE, leave_when_empty=False))
    first, second, urgent = desk.joins("a"), desk.joins("b"), desk.joins("c", priority=5)
    places = [desk.acd.place(one.call, desk.now) for one in (urgent, first, second)]
    assert [place and place.position for place in places] == [1, 2, 3]
    desk.ready("1001")
    assert urgent.rung == ["1001"]
    desk.ready("1002")
    assert first.rung == ["1002"] and not second.offers


def test_a_conversation_ends_in_wrap_up_and_wrap_up_by_itself() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller, next_one = desk.joins("a"), desk.joins("b")
    assert caller.answered() and desk.agent("1001").state is State.IN_CALL
    desk.acd.ended(caller.call, desk.now)
    assert desk.agent("1001").state is State.WRAP_UP and not next_one.offers
    desk.advance(QUEUE.wrap_up)
    assert next_one.rung == ["1001"]
    assert desk.causes("1001")[2:] == ["offered", "answered", "call_ended", "wrap_up_over", "offered"]


def test_available_ends_a_wrap_up_early() -> None:
    desk = Desk(replace(QUEUE, wrap_up=60.0))
    desk.ready("1001")
    caller, next_one = desk.joins("a"), desk.joins("b")
    caller.answered()
    desk.acd.ended(caller.call, desk.now)
    desk.tell("1001", "available")
    assert next_one.rung == ["1001"]
    desk.advance(61.0)  # the former wrap-up's end hurts nobody
    assert desk.agent("1001").state in (State.WAITING, State.OFFERING)


def test_without_wrap_up_the_agent_is_free_at_once() -> None:
    desk = Desk(replace(QUEUE, wrap_up=0.0))
    desk.ready("1001")
    caller = desk.joins("a")
    caller.answered()
    desk.acd.ended(caller.call, desk.now)
    assert desk.agent("1001").state is State.WAITING


def test_an_agent_of_two_queues_is_offered_one_caller_in_one_look() -> None:
    second = QueueTerms("second", members=(member("1001"),))
    desk = Desk(replace(QUEUE, leave_when_empty=False), replace(second, leave_when_empty=False))
    first, other = desk.joins("a"), desk.joins("b", "second")
    desk.ready("1001")
    assert first.rung == ["1001"] and not other.offers


# Missed offers.


def test_missed_offers_pause_the_agent_and_the_caller_keeps_his_place() -> None:  # S004-56
    desk = Desk(replace(QUEUE, max_no_answer=2, retry_delay=5.0, ring_timeout=10.0))
    desk.ready("1001")
    caller, behind = desk.joins("a"), desk.joins("b")
    desk.advance(10.0)
    assert caller.lost == [("1001", "missed")] and desk.agent("1001").missed == 1
    desk.advance(16.0)
    assert desk.agent("1001").status is Status.ON_BREAK and desk.agent("1001").reason == "missed_offers"
    place = desk.acd.place(caller.call, desk.now)
    assert place is not None and place.position == 1 and not behind.offers
    desk.tell("1001", "unpause")
    assert caller.rung == ["1001"] and desk.agent("1001").missed == 0


def test_a_pause_after_missed_offers_ends_by_itself_where_that_is_set() -> None:
    desk = Desk(replace(QUEUE, max_no_answer=1, no_answer_pause=30.0))
    desk.ready("1001")
    caller = desk.joins("a")
    desk.advance(20.0)
    assert desk.agent("1001").status is Status.ON_BREAK
    desk.advance(30.0)
    assert desk.agent("1001").status is Status.AVAILABLE and caller.rung == ["1001"]


def test_a_pause_that_the_agent_ended_is_not_ended_twice() -> None:
    desk = Desk(replace(QUEUE, max_no_answer=1, no_answer_pause=30.0))
    desk.ready("1001")
    desk.joins("a")
    desk.advance(20.0)
    desk.tell("1001", "pause", reason="lunch")
    desk.advance(60.0)
    assert desk.agent("1001").status is Status.ON_BREAK and desk.agent("1001").reason == "lunch"


def test_offers_missed_with_an_answer_between_do_not_add_up() -> None:
    desk = Desk(replace(QUEUE, max_no_answer=2, wrap_up=0.0, max_wait=3_600.0))
    desk.ready("1001")
    caller = desk.joins("a")
    desk.advance(26.0)
    caller.answered()
    desk.acd.ended(caller.call, desk.now)
    desk.joins("b")
    desk.advance(20.0)
    assert desk.agent("1001").status is Status.AVAILABLE


def test_who_declines_is_left_alone_for_a_while_and_not_paused() -> None:
    desk = Desk(replace(QUEUE, max_no_answer=1))
    desk.ready("1001")
    caller = desk.joins("a")
    desk.acd.decline(caller.offers[0], Why.DECLINED, desk.now)
    assert not caller.offers and desk.agent("1001").status is Status.AVAILABLE
    desk.advance(QUEUE.retry_delay)
    assert caller.rung == ["1001"]


def test_who_declines_makes_room_for_the_next() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001", "1002")
    caller = desk.joins("a")
    desk.acd.decline(caller.offers[0], Why.DECLINED, desk.now)
    assert caller.rung == ["1002"]


@pytest.mark.parametrize("event", ["pause", "logout"])
def test_who_signs_off_while_he_is_rung_is_rung_no_more(event: str) -> None:
    desk = Desk(QUEUE)
    desk.ready("1001", "1002")
    caller = desk.joins("a")
    desk.tell("1001", event)
    assert caller.lost == [("1001", "agent_not_available")] and caller.rung == ["1002"]
    assert desk.agent("1001").state is State.WAITING


def test_who_signs_off_during_a_call_keeps_it_and_gets_no_other() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller = desk.joins("a")
    caller.answered()
    desk.tell("1001", "pause")
    assert desk.agent("1001").state is State.IN_CALL
    desk.acd.ended(caller.call, desk.now)
    desk.joins("b")
    desk.advance(60.0)
    assert desk.agent("1001").state is State.WAITING


# Leases.


def test_a_lease_is_confirmed_by_its_current_epoch_alone() -> None:  # S004-51, S004-52
    desk = Desk(replace(QUEUE, max_no_answer=0))
    desk.ready("1001")
    caller = desk.joins("a")
    old = caller.offers[0]
    assert old.deadline == desk.now + QUEUE.ring_timeout  # its time to live
    desk.advance(25.0)
    new = caller.offers[0]
    assert new.id == old.id and new.epoch == old.epoch + 1
    confirm = desk.acd.confirm
    assert confirm(ACC, old.id, old.epoch, desk.now) is None
    assert confirm("acc_other", new.id, new.epoch, desk.now) is None  # type: ignore[arg-type]
    assert confirm(ACC, new.id, new.epoch, desk.now) == caller.call
    assert confirm(ACC, new.id, new.epoch, desk.now) == caller.call  # a repeat
    desk.acd.ended(caller.call, desk.now)
    assert confirm(ACC, new.id, new.epoch, desk.now) is None


def test_a_deadline_counts_also_where_its_timer_is_late() -> None:  # S004-52
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller = desk.joins("a")
    lease = caller.offers[0]
    assert desk.acd.confirm(ACC, lease.id, lease.epoch, lease.deadline) is None
    assert caller.lost == [("1001", "missed")] and desk.agent("1001").state is State.WAITING


def test_a_lease_is_renewed_for_who_listens_before_he_decides() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller = desk.joins("a")
    desk.acd.renew(caller.offers[0], 60.0, desk.now, alone=True)
    desk.advance(59.0)
    assert caller.rung == ["1001"]
    desk.advance(1.0)
    assert caller.lost == [("1001", "missed")]


def test_while_one_of_all_decides_alone_nobody_else_rings() -> None:
    desk = Desk(ALL)
    desk.ready("1001", "1002")
    caller = desk.joins("a")
    desk.acd.renew(caller.offers[0], 60.0, desk.now, alone=True)
    desk.ready("1003")
    assert caller.rung == ["1001"] and caller.lost == [("1002", "answered_elsewhere")]
    desk.acd.decline(caller.offers[0], Why.DECLINED, desk.now)
    assert caller.rung == ["1002", "1003"]


def test_while_one_of_all_decides_the_others_may_ring_on() -> None:
    desk = Desk(ALL)
    desk.ready("1001", "1002")
    caller = desk.joins("a")
    desk.acd.renew(caller.offers[0], 60.0, desk.now, alone=False)
    assert caller.rung == ["1001", "1002"] and caller.answered(1)
    assert caller.lost == [("1001", "answered_elsewhere")]


def test_of_all_who_ring_the_first_to_claim_wins() -> None:  # S004-53, S004-54
    desk = Desk(ALL)
    desk.ready("1001", "1002", "1003")
    caller = desk.joins("a")
    assert caller.rung == ["1001", "1002", "1003"]
    claim = desk.acd.claim
    assert claim(ACC, AgentId(user("1002")), caller.call, desk.now) == (True, user("1002"))
    assert claim(ACC, AgentId(user("1001")), caller.call, desk.now) == (False, user("1002"))
    assert claim(ACC, AgentId(user("1002")), caller.call, desk.now) == (True, user("1002"))  # a repeat
    assert sorted(caller.lost) == [("1001", "answered_elsewhere"), ("1003", "answered_elsewhere")]
    assert desk.agent("1001").missed == 0 and desk.agent("1001").not_before == 0.0
    desk.acd.ended(caller.call, desk.now)
    assert claim(ACC, AgentId(user("1001")), caller.call, desk.now) == (False, user("1002"))


def test_nobody_claims_what_he_was_not_offered() -> None:  # S004-54
    desk = Desk(QUEUE)
    desk.ready("1001", "1002")
    caller = desk.joins("a")
    assert desk.acd.claim(ACC, AgentId(user("1002")), caller.call, desk.now) == (False, None)
    assert desk.acd.claim("acc_x", AgentId(user("1001")), caller.call, desk.now) == (  # type: ignore[arg-type]
        False,
        None,
    )
    assert desk.acd.claim(ACC, AgentId(user("1001")), "b", desk.now) == (False, None)  # type: ignore[arg-type]


def test_who_becomes_free_joins_a_ring_all_that_rings_already() -> None:
    desk = Desk(ALL)
    desk.ready("1001")
    caller = desk.joins("a")
    desk.ready("1002")
    assert caller.rung == ["1001", "1002"]


# Exits.


def test_a_caller_who_hangs_up_sets_free_whom_he_rang() -> None:
    desk = Desk(ALL)
    desk.ready("1001", "1002")
    caller, behind = desk.joins("a"), desk.joins("b")
    desk.acd.leave(caller.call, Exit.ABANDONED, desk.now)
    assert {why for _, why in caller.lost} == {"caller_left"} and not caller.exits
    assert behind.rung == ["1001", "1002"]
    assert desk.acd.ledger.tallies[ACC, "support"].abandoned == 1
    desk.acd.leave(caller.call, Exit.ABANDONED, desk.now)  # twice does no harm
    assert desk.acd.ledger.tallies[ACC, "support"].abandoned == 1


def test_nobody_waits_longer_than_max_wait() -> None:
    desk = Desk(replace(QUEUE, max_wait=30.0))
    desk.ready("1001")
    caller = desk.joins("a")
    desk.advance(30.0)
    assert caller.exits == [Exit.TIMEOUT] and not caller.offers
    assert desk.agent("1001").state is State.WAITING and not list(desk.acd.tickets(ACC))


def test_callers_leave_a_queue_where_nobody_is_signed_in() -> None:
    desk = Desk(QUEUE)
    assert desk.joins("a").exits == [Exit.NO_AGENTS]
    desk.tell("1001", "login")  # on a break: signed in
    caller = desk.joins("b")
    assert not caller.exits
    desk.unreachable.add(user("1001"))
    desk.advance(LOOK_SECONDS)
    assert caller.exits == [Exit.NO_AGENTS]


def test_many_who_leave_at_once_are_no_deep_recursion() -> None:
    desk = Desk(replace(QUEUE, max_queued=5_000))
    desk.ready("1001")
    callers = [desk.joins(f"c{number}") for number in range(3_000)]
    desk.tell("1001", "logout")
    assert all(caller.exits == [Exit.NO_AGENTS] for caller in callers)


def test_a_full_queue_and_one_that_is_not_there_are_refused() -> None:
    desk = Desk(replace(QUEUE, max_queued=1, leave_when_empty=False))
    desk.joins("a")
    assert refused(desk, "b").code == "queue_full"
    assert refused(desk, "b", "nothing").code == "no_such_queue"
    assert refused(desk, "a").code in ("already_waiting", "queue_full")


def test_a_queue_taken_out_of_service_gives_its_callers_back() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller = desk.joins("a")
    desk.directory.queue_terms.clear()
    desk.acd.changed(desk.now)
    assert caller.exits == [Exit.FAILED] and desk.agent("1001").state is State.WAITING


def test_callers_overflow_to_another_queue_with_what_they_have_waited() -> None:
    second = QueueTerms("second", members=(member("1004"),), max_wait=100.0)
    desk = Desk(replace(QUEUE, overflow="second", overflow_after=30.0), second)
    desk.ready("1001", "1004")
    caller, behind = desk.joins("a"), desk.joins("b")
    desk.advance(30.0)
    assert caller.lost[-1] == ("1001", "caller_left") and caller.rung == ["1004"]
    assert behind.exits == []  # it went along, and waits behind
    desk.advance(70.0)
    assert behind.exits == [Exit.TIMEOUT]  # 100 s since it joined


def test_callers_overflow_at_once_where_nobody_is_and_never_in_a_circle() -> None:
    second = QueueTerms("second", members=(member("1004"),), overflow="support")
    desk = Desk(replace(QUEUE, overflow="second"), second)
    assert desk.joins("a").exits == [Exit.NO_AGENTS]
    desk.ready("1004")
    assert desk.joins("b").rung == ["1004"]
    assert desk.acd.ledger.tallies[ACC, "support"].overflowed == 2


# AI agents.


def test_ai_agents_serve_beside_people_up_to_their_number_of_calls() -> None:
    robot = Member(ai_agent("demo"), 2, calls=2)
    desk = Desk(replace(QUEUE, members=(member("1001"), robot)))
    agent = Agent(ACC, "demo", "twilio", "ws://x", (), 8000, True, 5.0)
    desk.directory.agents["demo"] = agent
    desk.ready("1001")
    callers = [desk.joins(name) for name in "abcd"]
    assert [caller.rung for caller in callers] == [["1001"], ["agent:demo"], ["agent:demo"], []]
    assert callers[1].answered()
    desk.acd.ended(callers[1].call, desk.now)
    assert callers[3].rung == ["agent:demo"]
    assert desk.joins("e", people=True).rung == []


def test_a_queue_of_ai_agents_alone_is_staffed() -> None:
    desk = Desk(replace(QUEUE, members=(Member(ai_agent("demo")),)))
    assert desk.joins("a").exits == [Exit.NO_AGENTS]  # there is no such agent
    desk.directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://x", (), 8000, True, 5.0)
    caller = desk.joins("b")
    desk.acd.decline(caller.offers[0], Why.UNREACHABLE, desk.now)
    assert not caller.offers and not caller.exits
    desk.advance(QUEUE.retry_delay)
    assert caller.rung == ["agent:demo"]  # an AI agent is never paused


# Estimates, and what is left of a call.


def test_the_wait_is_estimated_by_position_calls_and_agents() -> None:
    desk = Desk(replace(QUEUE, expected_call=100.0, leave_when_empty=False))
    for name in "ab":
        desk.joins(name)
    caller = desk.joins("c")
    place = desk.acd.place(caller.call, desk.now)
    assert place is not None and (place.position, place.wait) == (3, 300.0)
    desk.ready("1001", "1002")
    place = desk.acd.place(caller.call, desk.now)
    assert place is not None and place.wait == 150.0
    assert desk.acd.place("nobody", desk.now) is None  # type: ignore[arg-type]


def test_what_was_done_for_a_call_is_told_once() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    caller = desk.joins("a")
    desk.advance(3.0)
    caller.answered()
    service = desk.acd.ledger.service(caller.call)
    assert service is not None
    assert (service.queue, service.agent, service.wait) == ("support", user("1001"), 3.0)
    assert desk.acd.ledger.service(caller.call) is None


def test_the_reaper_ends_what_belongs_to_no_live_call_and_says_why() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001", "1002")
    talking, waiting = desk.joins("a"), desk.joins("b")
    talking.answered()
    assert desk.acd.audit({talking.call, waiting.call}, desk.now) == 0
    assert desk.acd.audit({waiting.call}, desk.now) == 1
    assert desk.agent("1001").state is State.WRAP_UP
    assert desk.causes("1001")[-1] == "reaped: the call is gone"
    assert desk.acd.audit((), desk.now) == 1
    assert desk.agent("1002").state is State.WAITING and not list(desk.acd.tickets(ACC))


def test_after_a_crash_agents_are_what_they_said_and_free() -> None:
    desk = Desk(QUEUE)
    desk.tell("1001", "login", "available")
    desk.tell("1002", "login")
    desk.joins("a").answered()
    kept = desk.kept
    desk.acd = desk.fresh()
    for told in kept:
        desk.acd.roster.load(told)
    assert desk.agent("1001").state is State.WAITING and desk.agent("1002").status is Status.ON_BREAK
    assert desk.joins("b").rung == ["1001"]

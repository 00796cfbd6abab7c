"""A callback in line: it keeps its place, is tried so often, and ends in exactly one way (F-S2)."""

from dataclasses import replace

from config.schedule import Hours, Schedule
from edge.acd.callback import Stage
from edge.acd.state import State
from edge.acd.terms import CallbackTerms
from edge.flow.machine import Program
from tests.support.callback import NUMBER, QUEUE, Promises, invite, methods
from tests.support.directory import ACC


def terms(**more: object) -> Promises:
    return Promises(replace(QUEUE, callback=CallbackTerms(**more)))  # type: ignore[arg-type]


def test_who_misses_the_offer_makes_room_and_the_place_is_kept() -> None:
    here = Promises(replace(QUEUE, ring_timeout=10.0, retry_delay=3.0))
    about = here.promise(since=int(here.bench.now * 1000) - 60_000).callback
    here.bob.reply(invite(here.bob), 180)
    here.bench.advance(12.0)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.cause, cdr.callee) == ("no_answer", "agent_missed", NUMBER)
    assert about.stage is Stage.WAITING and about.tries == 0 and not here.carrier.got() and here.clean()
    assert "CANCEL" in methods(here.bob)
    here.bench.advance(6.0)
    (ticket,) = here.bench.switch.acd.tickets(ACC)
    assert ticket.joined == here.bench.now - 78.0 and about.stage is Stage.CALLING
    assert about.why == "" and len(about.calls) == 2


def test_a_customer_who_does_not_answer_is_tried_again_and_the_agent_is_free_at_once() -> None:
    here = terms(attempts=2, retry=100.0, ring_timeout=20.0)
    about = here.promise().callback
    here.takes()
    here.carrier.reply(invite(here.carrier), 180)
    here.bench.advance(20.0)
    assert "CANCEL" in methods(here.carrier) and "BYE" in methods(here.bob)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.cause) == ("no_answer", "no_answer") and here.clean()
    assert (about.stage, about.tries, about.why) == (Stage.RESTING, 1, "no_answer")
    agent = here.bench.switch.acd.roster.agent(ACC, "us_1002")  # type: ignore[arg-type]
    assert agent.state is State.WAITING and agent.missed == 0 and agent.not_before <= here.bench.now
    here.bench.advance(94.0)
    assert about.stage is Stage.RESTING and "INVITE" not in methods(here.bob)
    here.bench.advance(11.0)
    here.takes()
    here.declines(486)
    assert (about.stage, about.why, about.tries) == (Stage.UNREACHED, "busy", 2)
    assert [cdr.disposition for cdr in here.cdrs] == ["no_answer", "busy"]
    assert here.bench.switch.acd.ledger.tallies[ACC, "support"].unreached == 1
    here.bench.advance(1_000.0)
    assert here.clean() and "INVITE" not in methods(here.bob)


def test_tries_are_twice_as_far_apart_each_time() -> None:
    here = terms(attempts=3, retry=100.0)
    about = here.promise().callback
    for rest in (100.0, 200.0):
        here.takes()
        here.declines(480)
        assert about.due_at == int(here.bench.now * 1000 + rest * 1000)
        here.bench.advance(rest + 6.0)
    here.takes()
    here.declines(480)
    assert about.stage is Stage.UNREACHED


def test_a_number_that_is_not_there_is_not_tried_again() -> None:
    here = terms(attempts=5)
    about = here.promise().callback
    here.takes()
    here.declines(404)
    assert (about.stage, about.tries) == (Stage.UNREACHED, 1)


def test_a_queue_has_so_many_places_for_those_who_wait_elsewhere() -> None:
    here = Promises(replace(QUEUE, callback=CallbackTerms(max_waiting=1)), signed_in=())
    assert here.promise().callback
    assert here.promise("+12025550198").code == "too_many_callbacks"
    assert here.promise("+12025550197", queue="nowhere").code == "no_such_queue"


def test_nobody_is_called_after_the_promise_has_expired() -> None:
    here = Promises(replace(QUEUE, callback=CallbackTerms(expires=600.0)), signed_in=())
    about = here.promise().callback
    here.bench.advance(606.0)
    assert about.stage is Stage.EXPIRED and not list(here.bench.switch.acd.tickets(ACC))
    here.bob.register()
    here.bench.advance(10.0)
    assert not here.bob.got() and here.bench.switch.acd.ledger.tallies[ACC, "support"].expired == 1


def test_who_waits_elsewhere_is_not_given_back_by_a_queue_without_agents_or_after_its_longest_wait() -> None:
    here = Promises(replace(QUEUE, max_wait=60.0))
    here.goes("1002")
    about = here.promise().callback
    here.bench.advance(120.0)
    assert about.stage is Stage.WAITING
    here.comes("1002")
    assert about.stage is Stage.CALLING


def test_who_waits_on_the_line_is_served_in_the_order_of_both() -> None:
    here = Promises(signed_in=())
    early = here.promise("+12025550101", since=int(here.bench.now * 1000) - 500_000).callback
    late = here.promise("+12025550102").callback
    first, second = here.bench.switch.acd.tickets(ACC)
    assert (first.call, second.call) == (early.id, late.id)
    place = here.bench.switch.acd.place(late.id, here.bench.now)
    assert place is not None and place.position == 2


def test_an_api_caller_withdraws_it_while_it_waits_rings_or_rests() -> None:
    here = Promises()
    about = here.promise().callback
    here.bob.reply(invite(here.bob), 180)
    assert here.withdraw(about.id) is about
    assert about.stage is Stage.WITHDRAWN and "CANCEL" in methods(here.bob) and here.clean()
    assert here.state("1002") is State.WAITING
    again = here.promise().callback
    here.takes()
    customer = invite(here.carrier)
    here.carrier.reply(customer, 180)
    here.withdraw(again.id)
    assert "CANCEL" in methods(here.carrier) and "BYE" in methods(here.bob) and here.clean()
    assert again.stage is Stage.WITHDRAWN and here.cdrs[-1].cause == "callback_withdrawn"
    assert here.withdraw(again.id).code == "no_such_callback"  # type: ignore[union-attr]


def test_who_has_been_reached_is_not_cut_off_by_a_withdrawal() -> None:
    here = Promises()
    about = here.promise().callback
    here.takes()
    here.answers()
    assert here.withdraw(about.id).code == "no_such_callback"  # type: ignore[union-attr]
    assert len(here.bench.switch.calls) == 1
    assert about.id in here.bench.switch.callbacks, "an audit of the queues would end the conversation"


def test_a_queue_that_is_taken_out_of_the_configuration_keeps_its_promises_until_they_expire() -> None:
    here = Promises(signed_in=())
    about = here.promise().callback
    kept = here.directory.queue_terms.pop("support")
    here.bob.register()
    here.bench.advance(20.0)
    assert not here.bob.got() and not about.over
    here.directory.queue_terms["support"] = kept
    here.bench.advance(6.0)
    assert about.stage is Stage.CALLING


def test_what_was_promised_is_taken_up_again_after_a_crash_in_its_place() -> None:
    before = Promises(signed_in=())
    about = before.promise(since=int(before.bench.now * 1000) - 90_000, priority=3, name="Ann").callback
    after = Promises()
    after.bench.now = before.bench.now + 30.0
    after.bob.register()
    after.bench.switch.load((), after.bench.now, list(before.bench.journal.kept.values()))
    after.bench.advance(5.0)
    (again,) = after.all()
    assert (again.id, again.number, again.name, again.priority) == (about.id, NUMBER, "Ann", 3)
    (ticket,) = after.bench.switch.acd.tickets(ACC)
    assert ticket.joined == before.bench.now - 90.0 and again.stage is Stage.CALLING


def test_tries_are_counted_before_they_are_made() -> None:
    before = terms(attempts=2)
    before.promise()
    before.takes()
    invite(before.carrier)
    (kept,) = before.bench.journal.kept.values()
    assert kept.data["tries"] == 1
    after = terms(attempts=2)
    after.bench.switch.load((), after.bench.now, [kept])
    after.bench.advance(6.0)
    after.takes()
    after.declines(486)
    assert after.all()[0].stage is Stage.UNREACHED


def test_a_try_that_cannot_be_counted_is_not_made() -> None:
    here = Promises()
    about = here.promise().callback
    here.bench.journal.broken = True
    here.takes()
    assert not here.carrier.got() and "BYE" in methods(here.bob) and here.clean()
    assert about.why == "not_kept"


def test_who_was_reached_is_not_called_again_after_a_crash() -> None:
    before = Promises()
    before.promise()
    before.takes()
    before.answers()
    after = Promises()
    after.bench.switch.load((), after.bench.now, list(before.bench.journal.kept.values()))
    after.bench.advance(30.0)
    assert not after.bob.got() and after.all()[0].stage is Stage.REACHED


def test_what_is_over_is_shown_for_a_while_and_so_many_at_most() -> None:
    here = Promises(signed_in=())
    here.bench.limits = here.bench.limits.model_copy(update={"callbacks_shown": 2})
    here.bench.switch.callbacks.origination.ground.limits = here.bench.limits
    ids = [here.promise(f"+1202555030{n}").callback.id for n in range(3)]
    for id in ids:
        here.withdraw(id)
    assert [about.id for about in here.all()] == ids[1:]
    assert {key for _, key in here.bench.journal.kept} == set(ids[1:])


def test_a_keepsake_that_cannot_be_read_is_left_alone() -> None:
    here = Promises()
    here.promise()
    (kept,) = here.bench.journal.kept.values()
    for data in ({}, {**kept.data, "stage": "soon"}, {**kept.data, "colour": "red"}):
        after = Promises()
        after.bench.switch.load((), after.bench.now, [replace(kept, data=data)])
        assert not after.all()


def test_a_node_that_drains_begins_no_call_and_keeps_the_promise() -> None:
    here = Promises(signed_in=())
    about = here.promise().callback
    here.bench.switch.drain()
    here.bob.register()
    here.bench.advance(10.0)
    assert not here.bench.switch.calls and not about.over


def test_a_promise_has_a_trace_of_its_own_and_each_try_names_it() -> None:
    here = Promises()
    about = here.promise().callback
    here.takes()
    here.declines(404)
    rows = [row.outcome for row in here.rows(about.id) if row.event == "callback"]
    assert rows == ["promised", "calling", "call", "agent", "unreached"]
    (of_call,) = [row for row in here.rows(about.calls[0]) if row.event == "callback"]
    assert (of_call.outcome, of_call.data["promised_in"]) == (about.id, "call_first")


def test_channels_are_counted_and_a_full_account_ends_the_try_not_the_promise() -> None:
    here = terms(retry=100.0)
    here.directory.max_out = 0
    about = here.promise().callback
    here.takes()
    assert not here.carrier.got() and "BYE" in methods(here.bob) and here.clean()
    assert about.stage is Stage.RESTING
    here.directory.max_out = 1
    here.bench.advance(106.0)
    here.takes()
    assert here.bench.switch.admissions.count("account_out", ACC) == 1
    here.answers()


def test_people_are_called_in_the_hours_of_the_schedule_alone() -> None:
    here = terms(schedule="office")
    hours = Hours.model_validate({"days": "thu", "open": "00:30", "close": "01:00"})
    here.directory.flows = Program(schedules={"office": Schedule(weekly=(hours,))})
    about = here.promise().callback
    here.bench.advance(700.0)  # 00:28 of the first of January 1970, a Thursday
    assert about.stage is Stage.CLOSED and not here.bob.got()
    here.bob.register()
    here.bench.advance(106.0)
    assert about.stage is Stage.CALLING
    here.bob.reply(invite(here.bob), 486)
    here.bench.advance(1_900.0)
    assert about.stage is Stage.CLOSED and here.clean()


def test_a_schedule_that_is_gone_wakes_nobody_up() -> None:
    here = terms(schedule="office")
    about = here.promise().callback
    here.bench.advance(60.0)
    assert about.stage is Stage.CLOSED and not here.bob.got()


def test_the_hours_end_while_an_agent_is_rung() -> None:
    here = terms(schedule="office")
    here.directory.flows = Program(schedules={"office": Schedule(force="open")})
    about = here.promise().callback
    here.bob.reply(invite(here.bob), 180)
    here.directory.flows = Program(schedules={"office": Schedule(force="closed")})
    here.bench.advance(8.0)
    assert "CANCEL" in methods(here.bob) and here.clean() and about.stage in (Stage.WAITING, Stage.CLOSED)
    here.bench.advance(30.0)
    assert about.stage is Stage.CLOSED and "INVITE" not in methods(here.bob)


def test_its_trace_is_seen_before_it_is_written() -> None:
    here = Promises(signed_in=())
    about = here.promise().callback
    switch = here.bench.switch
    assert [row.outcome for row in switch.live_trace(about.id)] == ["promised"]
    here.bench.advance(2.0)
    assert switch.live_trace(about.id) == ()
    assert [row.outcome for row in here.rows(about.id)] == ["promised"]

"""Offers by themselves, without a line of callers (S004-51…56); test_acd.py has whole queues."""

from dataclasses import replace

from edge.acd.lease import Lease, Why
from edge.acd.offers import Offers
from edge.acd.state import State
from edge.acd.strategy import Candidate
from edge.acd.terms import QueueTerms, Strategy
from edge.acd.ticket import Ticket
from edge.agenda import Agenda
from edge.directory import AccountId
from edge.journal import CallId
from tests.support.acd import Desk, FakeCaller, member
from tests.support.directory import ACC

QUEUE = QueueTerms(
    "support", "q_support", members=(member("1001"), member("1002")), ring_timeout=20.0, retry_delay=5.0
)
ALL = replace(QUEUE, strategy=Strategy.RING_ALL)


class Floor:
    """One caller, and offers that are told at once."""

    def __init__(self, terms: QueueTerms) -> None:
        self.desk = Desk(terms)
        self.desk.ready("1001", "1002")
        self.terms = terms
        self.agenda = Agenda()
        self.freed: list[AccountId] = []
        self.caller = FakeCaller(self.desk, CallId("a"))
        self.ticket = Ticket(self.caller.call, ACC, terms.name, self.caller, self.desk.now, 1)
        self.offers = Offers(
            self.desk.acd.world,
            self.desk.acd.roster,
            self.desk.acd.ledger,
            self.agenda,
            {self.ticket.call: self.ticket},
            lambda say: say(self.desk.now),
            self.freed.append,
        )

    def dispatch(self) -> list[Candidate]:
        free = self.desk.acd.roster.free(ACC, self.terms, self.desk.now)
        self.offers.dispatch(self.ticket, self.terms, free, self.desk.now)
        return free

    def wait(self, seconds: float) -> None:
        self.desk.now += seconds
        self.agenda.handle_timer(self.desk.now)

    def lease(self, number: str) -> Lease:
        (found,) = [one for one in self.caller.offers if one.agent.endswith(number)]
        return found


def test_one_is_rung_and_no_second_one_beside_him() -> None:
    floor = Floor(QUEUE)
    floor.dispatch()
    floor.dispatch()
    assert floor.caller.rung == ["1001"] and floor.desk.agent("1001").state is State.OFFERING


def test_who_wins_has_the_caller_and_the_others_are_withdrawn() -> None:
    floor = Floor(ALL)
    floor.dispatch()
    lease = floor.lease("1002")
    floor.offers.win(floor.ticket, lease, floor.desk.now)
    assert floor.ticket.taken is lease and floor.caller.lost == [("1001", "answered_elsewhere")]
    assert floor.offers.find(ACC, lease.id, lease.epoch) is lease, "a repeat of a success succeeds (S004-52)"
    floor.offers.forget(lease)
    assert floor.offers.find(ACC, lease.id, lease.epoch) is None


def test_an_offer_is_found_by_its_account_and_the_epoch_of_its_attempt() -> None:
    floor = Floor(QUEUE)
    floor.dispatch()
    lease = floor.lease("1001")
    assert floor.offers.find(AccountId("other"), lease.id, lease.epoch) is None
    assert floor.offers.find(ACC, lease.id, lease.epoch + 1) is None
    floor.wait(20.0)
    assert floor.caller.lost == [("1001", "missed")] and floor.freed == [ACC]
    assert floor.offers.find(ACC, lease.id, lease.epoch) is None
    floor.wait(5.0)
    floor.desk.tell("1002", "pause")
    floor.dispatch()
    assert (floor.lease("1001").id, floor.lease("1001").epoch) == (lease.id, lease.epoch + 1)


def test_who_has_picked_up_is_given_longer_and_the_former_deadline_counts_no_more() -> None:
    floor = Floor(QUEUE)
    floor.dispatch()
    floor.wait(19.0)
    floor.offers.prolong(floor.lease("1001"), floor.desk.now + 10.0)
    floor.wait(9.0)
    assert floor.caller.rung == ["1001"]
    floor.wait(1.0)
    assert floor.caller.lost == [("1001", "missed")]


def test_all_but_one_are_withdrawn_and_nobody_has_missed_anything() -> None:
    floor = Floor(ALL)
    floor.dispatch()
    floor.offers.withdraw(floor.ticket, Why.ELSEWHERE, floor.desk.now, but=floor.lease("1001"))
    assert floor.caller.rung == ["1001"]
    floor.offers.withdraw(floor.ticket, Why.CALLER_LEFT, floor.desk.now)
    assert floor.caller.rung == [] and floor.desk.agent("1001").missed == 0 and not floor.freed

"""Whatever is lost, late or crashes: one agent one offer, one caller one winner (S004-48…56)."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.acd.agent import Agent
from edge.acd.lease import Lease, Why
from edge.acd.state import AgentEvent, State, Status
from edge.acd.terms import AgentId, QueueTerms, Strategy
from edge.acd.ticket import Exit
from edge.error import Refusal
from edge.journal import CallId
from tests.support.acd import Desk, FakeCaller, member, user
from tests.support.directory import ACC

NUMBERS = ("1001", "1002", "1003", "1004")
numbers = st.sampled_from(NUMBERS)
FIRST = QueueTerms(
    "support",
    members=tuple(member(number, level) for number, level in zip(NUMBERS, (1, 1, 2, 2), strict=True)),
    ring_timeout=10.0,
    wrap_up=5.0,
    max_wait=60.0,
    max_no_answer=2,
    no_answer_pause=20.0,
    overflow="second",
    overflow_after=30.0,
)
SECOND = QueueTerms("second", members=(member("1003"), member("1001")), max_wait=90.0, wrap_up=0.0)


class Queues(RuleBasedStateMachine):
    """Callers come, ring, talk and go; messages get lost, timers come late, the process dies."""

    @initialize(first=st.sampled_from(Strategy), second=st.sampled_from(Strategy), auto=st.booleans())
    def start(self, first: Strategy, second: Strategy, auto: bool) -> None:
        one = replace(FIRST, strategy=first, auto_ready=auto)
        self.desk = Desk(one, replace(SECOND, strategy=second))
        self.callers: list[FakeCaller] = []
        self.old: list[Lease] = []
        self.won: dict[str, AgentId] = {}
        self.count = 0
        if not auto:
            self.desk.ready(*NUMBERS)
        for queue in ("support", "second", "support"):
            self.joins(queue, 0)

    # Agents.

    @rule(number=numbers, event=st.sampled_from((*AgentEvent, *[AgentEvent.AVAILABLE] * 3)))
    def says(self, number: str, event: AgentEvent) -> None:
        self.desk.acd.tell(ACC, user(number), event, self.desk.now)

    @rule(number=numbers, queues=st.sets(st.sampled_from(("support", "second"))))
    def moves(self, number: str, queues: set[str]) -> None:
        memberships = dict.fromkeys(queues, 1)
        found = self.desk.acd.tell(
            ACC, user(number), AgentEvent.LOGIN, self.desk.now, memberships=memberships
        )
        assert not isinstance(found, Refusal)

    @rule(number=numbers, flag=st.sampled_from((True, True, False)), told=st.booleans())
    def phone(self, number: str, flag: bool, told: bool) -> None:
        (self.desk.unreachable.discard if flag else self.desk.unreachable.add)(user(number))
        if told:  # else nobody tells the queues
            self.desk.acd.changed(self.desk.now)

    @rule(number=numbers, flag=st.sampled_from((False, False, True)))
    def other_call(self, number: str, flag: bool) -> None:
        (self.desk.occupied.add if flag else self.desk.occupied.discard)(user(number))

    # Callers.

    @rule(queue=st.sampled_from(("support", "second")), priority=st.integers(0, 2))
    def joins(self, queue: str, priority: int) -> None:
        self.count += 1
        self.callers.append(self.desk.joins(f"c{self.count}", queue, priority=priority))

    @rule(data=st.data())
    def hangs_up(self, data: st.DataObject) -> None:
        if self.callers:
            self.desk.acd.ended(data.draw(st.sampled_from(self.callers)).call, self.desk.now)

    # Offers.

    @rule(data=st.data(), claims=st.booleans())
    def answers(self, data: st.DataObject, claims: bool) -> None:
        """An answer to an offer, be it long over: what wins is the one that lives."""
        live = [lease for caller in self.callers for lease in caller.offers]
        leases = live if live and data.draw(st.sampled_from((True, True, False))) else self.old + live
        if not leases:
            return
        lease, acd, now = data.draw(st.sampled_from(leases)), self.desk.acd, self.desk.now
        lives = any(
            one is lease and lease.deadline > now
            for ticket in acd.tickets(ACC)
            for one in (*ticket.leases.values(), ticket.taken)
        )
        talks = any(ticket.taken is lease for ticket in acd.tickets(ACC))
        won = acd.claim(ACC, lease.agent, lease.call, now)[0] if claims else acd.take(lease, now)
        if won:
            assert claims or lives or talks, "only the current epoch wins, before its deadline"
            assert self.won.setdefault(lease.call, lease.agent) == lease.agent
            for caller in self.callers:
                if caller.call == lease.call:
                    caller.offers = [one for one in caller.offers if one.agent != lease.agent]
        self.old.append(lease)

    @rule(data=st.data(), why=st.sampled_from((Why.DECLINED, Why.UNREACHABLE)))
    def declines(self, data: st.DataObject, why: Why) -> None:
        leases = self.old + [lease for caller in self.callers for lease in caller.offers]
        if leases:
            lease = data.draw(st.sampled_from(leases))
            self.old.append(lease)
            self.desk.acd.decline(lease, why, self.desk.now)

    @rule(data=st.data(), alone=st.booleans())
    def listens(self, data: st.DataObject, alone: bool) -> None:
        leases = [lease for caller in self.callers for lease in caller.offers]
        if leases:
            self.desk.acd.renew(data.draw(st.sampled_from(leases)), 15.0, self.desk.now, alone=alone)

    # Time, and the end of it.

    @rule(seconds=st.floats(0.0, 40.0))
    def time_passes(self, seconds: float) -> None:
        self.desk.advance(seconds)

    @rule(seconds=st.floats(0.0, 40.0), data=st.data())
    def an_answer_outruns_the_timers(self, seconds: float, data: st.DataObject) -> None:
        leases = [lease for caller in self.callers for lease in caller.offers]
        if leases:
            lease = data.draw(st.sampled_from(leases))
            self.desk.now += seconds
            won = self.desk.acd.take(lease, self.desk.now)
            assert won is (self.desk.now < lease.deadline)
            if won:
                assert self.won.setdefault(lease.call, lease.agent) == lease.agent
                for caller in self.callers:
                    if caller.call == lease.call:
                        caller.offers = [one for one in caller.offers if one.agent != lease.agent]
            self.desk.acd.handle_timer(self.desk.now)

    @rule(seconds=st.floats(0.0, 40.0))
    def the_process_stands_still(self, seconds: float) -> None:
        """Timers come late, all at once."""
        self.desk.now += seconds
        self.desk.acd.handle_timer(self.desk.now)

    @rule()
    def calls_are_lost(self) -> None:
        """Nobody tells that they ended; the reaper finds out."""
        self.desk.acd.audit((), self.desk.now)
        self.callers.clear()

    @rule()
    def dies(self) -> None:
        """kill -9: calls are gone, and what agents said is read back."""
        kept = {told.agent: told for told in self.desk.kept}
        self.desk.acd = self.desk.fresh()
        for told in kept.values():
            self.desk.acd.roster.load(told)
        self.callers.clear()
        for number in NUMBERS:
            agent = self.desk.agent(number)
            assert agent.state is State.WAITING and agent.lease is None
            if agent.id in kept:
                assert (agent.status, agent.reason) == (kept[agent.id].status, kept[agent.id].reason)

    # What always holds.

    @property
    def agents(self) -> list[Agent]:
        return [self.desk.agent(number) for number in NUMBERS] if hasattr(self, "desk") else []

    @invariant()
    def one_agent_has_one_offer_or_one_call(self) -> None:
        if not hasattr(self, "desk"):
            return
        tickets = list(self.desk.acd.tickets(ACC))
        offers = [lease.agent for ticket in tickets for lease in ticket.leases.values()]
        talks = [ticket.taken.agent for ticket in tickets if ticket.taken is not None]
        assert len(offers + talks) == len(set(offers + talks))
        for agent in self.agents:
            assert (agent.state is State.OFFERING) is (agent.id in offers)
            assert (agent.state is State.IN_CALL) is (agent.id in talks)

    @invariant()
    def every_state_has_a_reason_to_end(self) -> None:
        for agent in self.agents:
            assert (agent.lease is not None) is (agent.state is State.OFFERING)
            assert (agent.call is not None) is (agent.state is State.IN_CALL)
            assert (agent.wrap_up is not None) is (agent.state is State.WRAP_UP)
            if agent.state is not State.WAITING:
                assert agent.state is State.IN_CALL or self.desk.acd.next_timer_at() is not None
            if agent.state is State.OFFERING:
                assert agent.status is Status.AVAILABLE or not agent.told

    @invariant()
    def nobody_is_stuck_past_a_deadline(self) -> None:
        """Timers of the past were all heard, as soon as any was."""
        if not hasattr(self, "desk"):
            return
        for ticket in self.desk.acd.tickets(ACC):
            assert ticket.taken is None or not ticket.leases, "who lost is not rung any more"
            if ticket.taken is None:
                assert self.desk.now <= ticket.joined + 90.0
                assert all(lease.deadline > self.desk.now - 1e-9 for lease in ticket.leases.values())

    @invariant()
    def what_rings_is_what_the_queue_knows(self) -> None:
        if not hasattr(self, "desk"):
            return
        known = {
            (one.call, lease.agent) for one in self.desk.acd.tickets(ACC) for lease in one.leases.values()
        }
        rings = {(caller.call, lease.agent) for caller in self.callers for lease in caller.offers}
        assert rings == known
        for caller in self.callers:
            assert len(caller.exits) <= 1
            assert not (caller.exits and caller.call in self.won), "who was answered is not expelled"
            assert all(exit in (Exit.TIMEOUT, Exit.NO_AGENTS) for exit in caller.exits)

    def teardown(self) -> None:
        """Left alone, everybody comes free."""
        if not hasattr(self, "desk"):
            return
        for caller in self.callers:
            if CallId(caller.call) in self.won:
                self.desk.acd.ended(caller.call, self.desk.now)
        self.desk.advance(200.0)
        assert not list(self.desk.acd.tickets(ACC))
        assert all(agent.state is State.WAITING for agent in self.agents)


Queues.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestQueues = Queues.TestCase

"""Offers of callers to agents: who is rung next, and each lease from its beginning to its end.

::

    dispatch ─▶ Lease ─ win ─▶ the agent has the caller, all other offers of this caller are over
                  └──── over ─▶ declined, missed, withdrawn: the caller keeps his place

Whoever brought the caller hears of it by `tell`, after the door that caused it.
"""

from collections.abc import Callable, Mapping

from edge.acd.agent import Agent
from edge.acd.lease import MISSES, Lease, LeaseId, Why
from edge.acd.roster import Roster, World
from edge.acd.strategy import Candidate, fitting, order
from edge.acd.tally import Ledger
from edge.acd.terms import QueueTerms, Strategy, name_of_ai
from edge.acd.ticket import Ticket
from edge.agenda import Agenda
from edge.directory import AccountId
from edge.journal import CallId


class Offers:
    """
    Args:
        tickets: of all callers; whose lease is live is among them.
        tell: takes what is to be said once the door is done.
        freed: an agent of the account may be free for others.
    """

    def __init__(
        self,
        world: World,
        roster: Roster,
        ledger: Ledger,
        agenda: Agenda,
        tickets: Mapping[CallId, Ticket],
        tell: Callable[[Callable[[float], None]], object],
        freed: Callable[[AccountId], object],
    ) -> None:
        self._world = world
        self._roster = roster
        self._ledger = ledger
        self._agenda = agenda
        self._tickets = tickets
        self._tell = tell
        self._freed = freed
        self._leases: dict[LeaseId, Lease] = {}
        self._last: dict[tuple[AccountId, str], int] = {}  # position of who was rung last

    def find(self, account: AccountId, id: LeaseId, epoch: int) -> Lease | None:
        """The live lease, or the one by which its agent has the caller."""
        lease = self._leases.get(id)
        return lease if lease is not None and (lease.account, lease.epoch) == (account, epoch) else None

    def forget(self, lease: Lease) -> None:
        """The conversation that it led to is over."""
        self._leases.pop(lease.id, None)

    def dispatch(self, ticket: Ticket, terms: QueueTerms, free: list[Candidate], now: float) -> None:
        """Offer the caller to whom the strategy names.

        Args: free: agents of the queue; those who are free no more are taken out.
        """
        if ticket.leases and (terms.strategy is not Strategy.RING_ALL or ticket.chosen is not None):
            return
        # A caller of this or another queue may have been offered one of them in the same look.
        free[:] = [one for one in free if self._roster.eligible(one.agent, now)]
        wanted = {**terms.skills, **ticket.skills}
        fit = fitting(self._world.directory, free, wanted, people=ticket.people)
        key = (ticket.account, terms.name)
        for one in order(terms.strategy, fit, self._last.get(key, -1), self._world.chance):
            self._last[key] = one.position
            self._offer(ticket, terms, one.agent, now)

    def win(self, ticket: Ticket, lease: Lease, now: float) -> None:
        """The agent has the caller; nobody else is rung for him."""
        del ticket.leases[lease.agent]
        ticket.taken, ticket.taken_at = lease, now
        self._roster.took(self._roster.agent(lease.account, lease.agent), lease, now)
        self.withdraw(ticket, Why.ELSEWHERE, now)

    def over(self, ticket: Ticket, lease: Lease, why: Why, now: float) -> None:
        """An offer that the agent has not taken."""
        del ticket.leases[lease.agent]
        self._leases.pop(lease.id, None)
        ticket.chosen = None if ticket.chosen is lease else ticket.chosen
        agent = self._roster.agent(lease.account, lease.agent)
        self._roster.released(agent, lease, why.value, now)
        self._tell(lambda at: ticket.owner.withdrawn(lease, why, at))
        terms = self._world.directory.queue(lease.account, lease.queue)
        if terms is None or why not in (*MISSES, Why.DECLINED):
            return
        agent.not_before = now + terms.retry_delay
        if why in MISSES:
            agent.missed += 1
            self._ledger.of(ticket).missed += 1
        if 0 < terms.max_no_answer <= agent.missed and not name_of_ai(agent.id):
            self._roster.pause(agent, terms.no_answer_pause, now)
        self._freed(lease.account)

    def withdraw(self, ticket: Ticket, why: Why, now: float, but: Lease | None = None) -> None:
        """End all offers of this caller; `but` goes on."""
        for lease in tuple(ticket.leases.values()):
            if lease is not but:
                self.over(ticket, lease, why, now)

    def prolong(self, lease: Lease, deadline: float) -> None:
        """The agent has so long to take the caller."""
        lease.deadline = deadline
        self._arm(lease)

    def _offer(self, ticket: Ticket, terms: QueueTerms, agent: Agent, now: float) -> None:
        id, epoch = ticket.attempts.get(agent.id) or (LeaseId(self._world.id(now)), 0)
        lease = Lease(
            id, epoch + 1, ticket.account, ticket.call, agent.id, terms.name, now + terms.ring_timeout
        )
        ticket.attempts[agent.id] = id, lease.epoch
        ticket.leases[agent.id] = self._leases[id] = lease
        self._roster.offered(agent, lease, now)
        self._arm(lease)
        self._tell(lambda at: ticket.owner.offered(lease, at))

    def _arm(self, lease: Lease) -> None:
        deadline = lease.deadline

        def expire(now: float) -> None:
            ticket = self._tickets.get(lease.call)
            # It was renewed meanwhile, or is over.
            if ticket is None or ticket.leases.get(lease.agent) is not lease or lease.deadline != deadline:
                return
            self.over(ticket, lease, Why.MISSED, now)

        self._agenda.at(deadline, expire)

"""Automatic call distribution: callers who wait, agents who serve, and the offers between them.

::

    join ─▶ line ─▶ offers ─▶ Lease ─ take, confirm, claim ─▶ conversation ─ ended ─▶ wrap-up
                      ▲         └─ decline, deadline ─▶ the caller keeps his place
                      └── told, changed, a timer

Pure and in memory; `Waits` hears of offers after the door that caused them. Nobody can stick: an offer has a
deadline that counts also where its timer is late, a caller `max_wait`, a wrap-up its end, and `audit` ends
what belongs to no live call; each of it is written down with its reason.
"""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Final

from edge.acd.agent import Agent
from edge.acd.lease import Lease, LeaseId, Why
from edge.acd.offers import Offers
from edge.acd.roster import Roster, World
from edge.acd.state import AgentEvent, Status
from edge.acd.strategy import Candidate
from edge.acd.tally import Ledger
from edge.acd.terms import AgentId, QueueTerms
from edge.acd.ticket import Exit, Line, Place, Ticket, Waits, no_such_queue, queue_full
from edge.agenda import Agenda
from edge.directory import AccountId, UserId
from edge.error import Refusal
from edge.journal import CallId

LOOK_SECONDS: Final = 1.0
"While somebody waits, agents are looked at this often whatever was said of them [s]."
Claimed = tuple[bool, AgentId | None]
_NO_SKILLS: Final[Mapping[str, int]] = MappingProxyType({})


class Acd:
    def __init__(self, world: World) -> None:
        self.world = world
        self._agenda = Agenda()
        self.roster = Roster(world, self._agenda, self._rested)
        self._lines: dict[AccountId, Line] = {}
        self._tickets: dict[CallId, Ticket] = {}
        self._numbers = count()
        self._due: deque[Callable[[float], None]] = deque()
        self._busy = False
        self._looking = False
        self._dirty: dict[AccountId, None] = {}  # whose line is to be looked at, in order
        self.ledger = Ledger()
        self._offers = Offers(
            world, self.roster, self.ledger, self._agenda, self._tickets, self._due.append, self._free
        )

    # Callers.

    def join(
        self,
        call: CallId,
        account: AccountId,
        queue: str,
        owner: Waits,
        now: float,
        *,
        priority: int = 0,
        skills: Mapping[str, int] = _NO_SKILLS,
        people: bool = False,
        since: float | None = None,
        max_wait: float | None = None,
        away: bool = False,
    ) -> Refusal | None:
        """Take a place in the line.

        Args:
            priority: higher is served first.
            people: no AI agent is wanted.
            since: has waited since then already; None: since now.
            max_wait: instead of the queue's [s].
            away: waits elsewhere, to be called back.
        """
        terms = self.world.directory.queue(account, queue)
        if terms is None:
            return no_such_queue(queue)
        if call in self._tickets:
            return Refusal(
                "already_waiting", 409, f"call {call} is in a queue already", "take it out of that one first"
            )
        line = self._lines.setdefault(account, Line())
        if not away and len(line) >= terms.max_queued and line.count(terms.name) >= terms.max_queued:
            return queue_full(terms)
        joined = now if since is None else since
        ticket = Ticket(
            call, account, terms.name, owner, joined, next(self._numbers), priority, skills, people, max_wait
        )
        ticket.away = away
        self._tickets[call] = ticket
        line.add(ticket)
        self._enter(ticket, terms, now)
        # For the others nothing has changed: a look at all of them would make many callers quadratic.
        self._look(account, (ticket,), now)
        self._settle(now)
        return None

    def leave(self, call: CallId, exit: Exit, now: float) -> None:
        """The caller goes before anybody has taken him; nothing when he is not there."""
        ticket = self._tickets.get(call)
        if ticket is not None and ticket.taken is None:
            self._out(ticket, exit, now)
            self._settle(now)

    def ended(self, call: CallId, now: float, cause: str = "call_ended", *, spoken: bool = True) -> None:
        """The conversation is over, or was `spoken` in vain; who has not been answered yet leaves."""
        ticket = self._tickets.get(call)
        if ticket is None:
            return
        lease = ticket.taken
        if lease is None:
            self.leave(call, Exit.ABANDONED, now)
            return
        del self._tickets[call]
        self._offers.forget(lease)
        terms = self.world.directory.queue(ticket.account, ticket.queue)
        agent = self.roster.agent(ticket.account, lease.agent)
        if spoken:
            self.ledger.of(ticket).talked(max(0.0, now - ticket.taken_at))
        wrap_up = terms.wrap_up if terms is not None and spoken else 0.0
        self.roster.ended(agent, call, wrap_up, cause, now)
        self._settle(now)

    def place(self, call: CallId, now: float) -> Place | None:
        """Where a caller is in his queue, who has no agent yet."""
        ticket = self._tickets.get(call)
        if ticket is None or ticket.taken is not None:
            return None
        position = self._lines[ticket.account].position(ticket)
        terms = self.world.directory.queue(ticket.account, ticket.queue)
        at_work = 0 if terms is None else self.roster.at_work(ticket.account, terms, now)
        return Place(position, self.ledger.estimate(ticket, terms, position, at_work))

    # Offers.

    def take(self, lease: Lease, now: float) -> bool:
        """The agent has answered: whether the caller is his. All others are withdrawn."""
        return self.confirm(lease.account, lease.id, lease.epoch, now) is not None

    def confirm(self, account: AccountId, id: LeaseId, epoch: int, now: float) -> CallId | None:
        """The call whose lease lives under this epoch; a repeat of a success succeeds (S004-52)."""
        lease = self._offers.find(account, id, epoch)
        if lease is None:
            return None
        ticket = self._tickets[lease.call]
        if ticket.taken is lease:
            return lease.call
        if lease.deadline <= now:
            self._offers.over(ticket, lease, Why.MISSED, now)
            self._settle(now)
            return None
        ticket.cancel()
        self._lines[ticket.account].remove(ticket)
        self._offers.win(ticket, lease, now)
        terms = self.world.directory.queue(ticket.account, ticket.queue)
        self.ledger.won(ticket, lease.agent, terms, now)
        self._settle(now)
        return lease.call

    def claim(self, account: AccountId, agent: AgentId, call: CallId, now: float) -> Claimed:
        """Whether the caller is this agent's; else who has him (S004-54)."""
        ticket = self._tickets.get(call)
        if ticket is None or ticket.account != account:
            return False, self.ledger.winner(call) if ticket is None else None
        if ticket.taken is not None:
            return ticket.taken.agent == agent, ticket.taken.agent
        lease = ticket.leases.get(agent)
        won = lease is not None and self.confirm(account, lease.id, lease.epoch, now) is not None
        return won, agent if won else None

    def decline(self, lease: Lease, why: Why, now: float) -> None:
        """The agent does not take it; the caller keeps his place."""
        ticket = self._tickets.get(lease.call)
        if ticket is not None and ticket.leases.get(lease.agent) is lease:
            self._offers.over(ticket, lease, why, now)
            self._settle(now)

    def renew(self, lease: Lease, seconds: float, now: float, *, alone: bool) -> None:
        """The agent has picked up, and listens: so long he has from now on to take the caller.

        Args: alone: nobody else is rung meanwhile.
        """
        ticket = self._tickets.get(lease.call)
        if ticket is None or ticket.leases.get(lease.agent) is not lease:
            return
        self._offers.prolong(lease, now + seconds)
        if alone:
            ticket.chosen = lease
            self._offers.withdraw(ticket, Why.ELSEWHERE, now, but=lease)
            self._settle(now)

    # Agents.

    def tell(
        self,
        account: AccountId,
        user: UserId,
        event: AgentEvent,
        now: float,
        *,
        reason: str = "",
        memberships: Mapping[str, int] | None = None,
    ) -> Agent | Refusal:
        """See `Roster.tell`; who goes while he is rung is not rung any more."""
        agent = self.roster.tell(account, AgentId(user), event, now, reason=reason, memberships=memberships)
        if isinstance(agent, Refusal):
            return agent
        lease = agent.lease
        if lease is not None and self.roster.status(agent) is not Status.AVAILABLE:
            self._offers.over(self._tickets[lease.call], lease, Why.SIGNED_OFF, now)
        self.changed(now, account)
        return agent

    def changed(self, now: float, account: AccountId | None = None) -> None:
        """A phone has registered, a call has ended, or whatever else may set somebody of `account` free.

        Args: account: None: of any.
        """
        if account is None:
            self._dirty |= dict.fromkeys(self._lines)
        elif self._lines.get(account):
            self._dirty[account] = None
        self._settle(now)

    def audit(self, live: Container[CallId], now: float) -> int:
        """End what belongs to no live call, and count it: nothing, unless we erred."""
        gone = [call for call in self._tickets if call not in live]
        for call in gone:
            self.ended(call, now, "reaped: the call is gone")
        return len(gone)

    # For those who look.

    def tickets(self, account: AccountId) -> Iterator[Ticket]:
        """Who waits, in order, then who talks."""
        yield from self._lines.get(account, ())
        yield from (one for one in self._tickets.values() if one.account == account and one.taken)

    def handle_timer(self, now: float) -> None:
        self._agenda.handle_timer(now)
        self._settle(now)

    def next_timer_at(self) -> float | None:
        return self._agenda.next_timer_at()

    # Inside.

    def _enter(self, ticket: Ticket, terms: QueueTerms, now: float) -> None:
        ticket.visited.add(terms.name)
        if not ticket.away:
            self.ledger.of(ticket).joined += 1
            longest = terms.max_wait if ticket.max_wait is None else ticket.max_wait
            at = max(now, ticket.joined + longest)
            ticket.timer = self._agenda.at(at, lambda at: self._expel(ticket, Exit.TIMEOUT, at))
        if terms.overflow and not ticket.away:
            at = max(now, ticket.joined + terms.overflow_after)
            ticket.overflow = self._agenda.at(at, lambda at: self._overflow(ticket, terms, at))
        if not self._looking:
            self._looking = True
            self._agenda.at(now + LOOK_SECONDS, self._look_again)

    def _look_again(self, now: float) -> None:
        self._looking = any(map(len, self._lines.values()))
        if self._looking:
            self._agenda.at(now + LOOK_SECONDS, self._look_again)
            self.changed(now)

    def _look(self, account: AccountId, tickets: Iterable[Ticket], now: float) -> None:
        """Offer whom we can, and give back whom nobody will ever serve."""
        free: dict[str, list[Candidate]] = {}
        staffed: dict[str, bool] = {}
        for ticket in tickets:
            terms = self.world.directory.queue(account, ticket.queue)
            if terms is None:
                self._expel(ticket, Exit.FAILED, now)
                continue
            if ticket.queue not in free:
                free[ticket.queue] = self.roster.free(account, terms, now)
            if free[ticket.queue]:
                self._offers.dispatch(ticket, terms, free[ticket.queue], now)
            if not ticket.leases and terms.leave_when_empty and not ticket.away:
                if ticket.queue not in staffed:
                    staffed[ticket.queue] = self.roster.staffed(account, terms, now)
                if not staffed[ticket.queue]:
                    self._overflow(ticket, terms, now)
                    if ticket.queue == terms.name:
                        self._expel(ticket, Exit.NO_AGENTS, now)

    def _out(self, ticket: Ticket, exit: Exit, now: float) -> None:
        """The caller leaves without an agent."""
        del self._tickets[ticket.call]
        self._lines[ticket.account].remove(ticket)
        ticket.cancel()
        self._offers.withdraw(ticket, Why.CALLER_LEFT, now)
        self.ledger.lost(ticket, exit, now)
        self._dirty[ticket.account] = None

    def _expel(self, ticket: Ticket, exit: Exit, now: float) -> None:
        if self._tickets.get(ticket.call) is ticket and ticket.taken is None:
            self._out(ticket, exit, now)
            self._due.append(lambda at: ticket.owner.expelled(exit, at))

    def _overflow(self, ticket: Ticket, terms: QueueTerms, now: float) -> None:
        """The caller goes on to the next queue, if there is one; who is being rung for him rings no more."""
        other = self.world.directory.queue(ticket.account, terms.overflow) if terms.overflow else None
        if other is None or other.name in ticket.visited or ticket.taken is not None:
            return
        if self._tickets.get(ticket.call) is not ticket or ticket.queue != terms.name:
            return
        self.ledger.of(ticket).overflowed += 1
        ticket.cancel()
        ticket.queue = other.name
        self._offers.withdraw(ticket, Why.CALLER_LEFT, now)
        self._enter(ticket, other, now)
        self._dirty[ticket.account] = None

    def _rested(self, agent: Agent, now: float) -> None:
        self._free(agent.account)

    def _free(self, account: AccountId) -> None:
        self._dirty[account] = None

    def _settle(self, now: float) -> None:
        """Tell who waits; in a loop: who is told may come through another door at once."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._due or self._dirty:
                if self._due:
                    self._due.popleft()(now)
                else:
                    account = self._dirty.popitem()[0]
                    self._look(account, self._lines.get(account, ()), now)
        finally:
            self._busy = False

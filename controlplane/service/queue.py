"""Queues for operators: who waits, who serves, and what was done since the start."""

from collections.abc import Callable, Iterable

from controlplane.service.outside import Json
from edge.acd.acd import Acd
from edge.acd.callback import Callback
from edge.acd.tally import Tally
from edge.acd.terms import QueueTerms
from edge.acd.ticket import Ticket
from edge.directory import AccountId, Directory
from edge.error import Refusal


class QueueService:
    def __init__(
        self,
        acd: Acd,
        directory: Directory,
        now: Callable[[], float],
        callbacks: Callable[[AccountId], Iterable[Callback]] = lambda account: (),
    ) -> None:
        """Args: callbacks: of an account, those that are over too."""
        self._acd = acd
        self._callbacks = callbacks
        self._directory = directory
        self._now = now

    def show(self, account: str) -> Json | Refusal:
        """Every queue of the account."""
        of = self._directory.account(AccountId(account))
        if of is None:
            fix = "name one by its id"
            return Refusal("no_such_account", 404, f"there is no account {account[:64]}", fix)
        tickets = list(self._acd.tickets(of.id))
        queues = self._directory.queues(of.id)
        return {"account_id": of.id, "queues": [self._queue(of.id, queue, tickets) for queue in queues]}

    # Inside.

    def _queue(self, account: AccountId, queue: QueueTerms, tickets: list[Ticket]) -> Json:
        now = self._now()
        mine = [ticket for ticket in tickets if ticket.queue == queue.name]
        waiting = [ticket for ticket in mine if ticket.taken is None]
        tally = self._acd.ledger.tallies.get((account, queue.name), Tally())
        level = tally.service_level
        return {
            "queueId": queue.id or queue.name,
            "name": queue.name,
            "strategy": queue.strategy.value,
            "waiting": [self._caller(place, ticket, now) for place, ticket in enumerate(waiting, 1)],
            "talking": [
                {"callId": one.call, "agent_id": one.taken.agent, "seconds": round(now - one.taken_at)}
                for one in mine
                if one.taken is not None
            ],
            "agents": self._agents(account, queue, now),
            "joined": tally.joined,
            "answered": tally.answered,
            "abandoned": tally.abandoned,
            "timeout": tally.timeout,
            "no_agents": tally.no_agents,
            "overflowed": tally.overflowed,
            "left": tally.left,
            "missed_offers": tally.missed,
            "callbacks": {
                "waiting": sum(one.queue == queue.name and not one.over for one in self._callbacks(account)),
                "promised": tally.promised,
                "reached": tally.called_back,
                "unreached": tally.unreached,
                "expired": tally.expired,
                "withdrawn": tally.withdrawn,
            },
            "service_level": None if level is None else round(level, 4),
            "service_level_seconds": queue.service_level,
            "average_wait": round(tally.waited / tally.answered, 3) if tally.answered else None,
            "longest_wait": round(tally.longest, 3),
        }

    def _caller(self, position: int, ticket: Ticket, now: float) -> Json:
        place = self._acd.place(ticket.call, now)
        return {
            "callId": ticket.call,
            "position": position,
            "priority": ticket.priority,
            "waited": round(now - ticket.joined, 3),
            "estimate": round(place.wait) if place is not None else 0,
            "ringing": sorted(ticket.leases),
            "callback": ticket.away,
        }

    def _agents(self, account: AccountId, queue: QueueTerms, now: float) -> list[Json]:
        roster = self._acd.roster
        return [
            {
                "agent_id": agent.id,
                "level": member.level,
                "status": roster.status(agent).value,
                "state": agent.state.value,
                "reachable": roster.reachable(agent, now),
                "calls": agent.calls,
            }
            for agent, member, _ in roster.members(account, queue)
        ]

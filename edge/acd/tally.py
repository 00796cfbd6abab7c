"""What queues have done since the start: for operators, for CDRs, and to estimate how long one waits."""

from collections import OrderedDict
from typing import Final, TypeVar

from config.value import dataclass
from edge.acd.terms import AgentId, QueueTerms
from edge.acd.ticket import Exit, Ticket
from edge.directory import AccountId
from edge.journal import CallId

PAST: Final = 10_000
"Calls whose winner and service are remembered after they left the queue."
_WEIGHT: Final = 0.2
"Of the latest call in the running mean of their lengths."

Value = TypeVar("Value")


@dataclass(slots=True)
class Tally:
    """Of one queue."""

    joined: int = 0
    answered: int = 0
    in_time: int = 0
    "Answered within the queue's `service_level`."
    abandoned: int = 0
    "Callers who hung up."
    timeout: int = 0
    no_agents: int = 0
    overflowed: int = 0
    "Went on to another queue."
    left: int = 0
    "By a key, or picked up by a lamp (RFC 3891): of none of the queue's agents."
    missed: int = 0
    "Offers."
    promised: int = 0
    "Callbacks; those on the line alone are counted above."
    called_back: int = 0
    "Of them reached."
    unreached: int = 0
    "Tried in vain, or not allowed."
    expired: int = 0
    withdrawn: int = 0
    "By whoever asked for that over the API."
    waited: float = 0.0
    "All that were answered together [s]."
    longest: float = 0.0
    "[s]"
    length: float | None = None
    "Running mean of calls [s]."

    def took(self, waited: float, within: float) -> None:
        self.answered += 1
        self.in_time += waited <= within
        self.waited += waited
        self.longest = max(self.longest, waited)

    def talked(self, seconds: float) -> None:
        before = self.length
        self.length = seconds if before is None else before + _WEIGHT * (seconds - before)

    def lost(self, exit: Exit) -> None:
        match exit:
            case Exit.ABANDONED:
                self.abandoned += 1
            case Exit.TIMEOUT:
                self.timeout += 1
            case Exit.NO_AGENTS:
                self.no_agents += 1
            case Exit.DIGIT:
                self.left += 1

    @property
    def service_level(self) -> float | None:
        """Share of calls answered in time, of those answered or given up by their callers; None: no calls."""
        of = self.answered + self.abandoned
        return self.in_time / of if of else None


@dataclass(frozen=True, slots=True)
class Service:
    """What a queue did for a call, for its CDR."""

    queue: str
    agent: AgentId | None
    "Who answered."
    wait: float
    "[s]"


class Ledger:
    def __init__(self) -> None:
        self.tallies: dict[tuple[AccountId, str], Tally] = {}
        self._won: OrderedDict[CallId, AgentId] = OrderedDict()
        self._services: OrderedDict[CallId, Service] = OrderedDict()

    def of(self, ticket: Ticket) -> Tally:
        return self.tallies.setdefault((ticket.account, ticket.queue), Tally())

    def won(self, ticket: Ticket, agent: AgentId, terms: QueueTerms | None, now: float) -> None:
        waited = now - ticket.joined
        if not ticket.away:
            self.of(ticket).took(waited, terms.service_level if terms is not None else 0.0)
        _remember(self._won, ticket.call, agent)
        _remember(self._services, ticket.call, Service(ticket.queue, agent, waited))

    def lost(self, ticket: Ticket, exit: Exit, now: float) -> None:
        if ticket.away:
            return
        self.of(ticket).lost(exit)
        _remember(self._services, ticket.call, Service(ticket.queue, None, now - ticket.joined))

    def winner(self, call: CallId) -> AgentId | None:
        return self._won.get(call)

    def service(self, call: CallId) -> Service | None:
        """What was done for the call; told once."""
        return self._services.pop(call, None)

    def estimate(self, ticket: Ticket, terms: QueueTerms | None, position: int, at_work: int) -> float:
        """How long who is at `position` will wait [s]: until so many calls of those at work have ended."""
        length = self.of(ticket).length
        if length is None:
            length = terms.expected_call if terms is not None else 0.0
        return position * length / max(1, at_work)


def _remember(kept: "OrderedDict[CallId, Value]", call: CallId, value: Value) -> None:
    kept[call] = value
    kept.move_to_end(call)
    if len(kept) > PAST:
        kept.popitem(last=False)

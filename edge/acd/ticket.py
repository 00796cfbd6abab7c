"""A caller in a queue, and the line in which all callers of an account wait."""

import enum
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Protocol

from config.value import dataclass
from edge.acd.lease import Lease, LeaseId, Why
from edge.acd.terms import AgentId, QueueTerms
from edge.agenda import Alarm
from edge.directory import AccountId
from edge.error import Refusal
from edge.journal import CallId


class Exit(enum.StrEnum):
    """How a caller leaves a queue."""

    ANSWERED = "answered"
    TIMEOUT = "timeout"
    NO_AGENTS = "no_agents"
    ABANDONED = "abandoned"
    DIGIT = "digit"
    FAILED = "failed"


class Waits(Protocol):
    """Who brought the caller; heard after the door that caused it, in order."""

    def offered(self, lease: Lease, now: float) -> None:
        """Ring the agent; `Acd.take` once he answers, else `Acd.decline`."""

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        """Stop ringing him."""

    def expelled(self, exit: Exit, now: float) -> None:
        """The queue gives the caller back: timeout, no_agents or failed."""


@dataclass(frozen=True, slots=True)
class Place:
    position: int
    "From 1."
    wait: float
    "Estimate [s]."


@dataclass(slots=True)
class Ticket:
    call: CallId
    account: AccountId
    queue: str
    owner: Waits
    joined: float
    "[s]"
    number: int
    "Of all that ever joined: who was first."
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    "Beside those of the queue."
    people: bool = False
    "No AI agent is wanted."
    max_wait: float | None = None
    "Instead of the queue's [s]."
    away: bool = False
    "Waits to be called back: no limit of those on the line holds, and no count of theirs."
    leases: dict[AgentId, Lease] = field(default_factory=dict)
    attempts: dict[AgentId, tuple[LeaseId, int]] = field(default_factory=dict)
    "Agent → lease and the epoch of the latest offer."
    visited: set[str] = field(default_factory=set)
    "Queues, the present one among them."
    chosen: Lease | None = None
    "Of who has picked up and decides: nobody else is rung."
    taken: Lease | None = None
    taken_at: float = 0.0
    "[s]"
    timer: Alarm | None = None
    "max_wait."
    overflow: Alarm | None = None

    @property
    def key(self) -> tuple[int, float, int]:
        return -self.priority, self.joined, self.number

    def cancel(self) -> None:
        for alarm in (self.timer, self.overflow):
            if alarm is not None:
                alarm.cancel()


class Line:
    """Callers who wait, first the most urgent, then who came first."""

    def __init__(self) -> None:
        self._keys: list[tuple[int, float, int]] = []
        self._tickets: dict[tuple[int, float, int], Ticket] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Ticket]:
        return (self._tickets[key] for key in tuple(self._keys))

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket.key in self._tickets

    def add(self, ticket: Ticket) -> None:
        if ticket.key not in self._tickets:
            insort(self._keys, ticket.key)
            self._tickets[ticket.key] = ticket

    def remove(self, ticket: Ticket) -> None:
        if self._tickets.pop(ticket.key, None) is not None:
            del self._keys[bisect_left(self._keys, ticket.key)]

    def count(self, queue: str) -> int:
        """Those on the line."""
        return sum(ticket.queue == queue and not ticket.away for ticket in self._tickets.values())

    def position(self, ticket: Ticket) -> int:
        """From 1, among the callers of its queue."""
        ahead = self._keys[: bisect_left(self._keys, ticket.key)]
        return 1 + sum(self._tickets[key].queue == ticket.queue for key in ahead)


def no_such_queue(queue: str) -> Refusal:
    return Refusal("no_such_queue", 404, f"there is no queue {queue}", "add it under accounts[].queues")


def queue_full(terms: QueueTerms) -> Refusal:
    fix = f"raise max_queued of queue {terms.name}, or give it more agents"
    return Refusal("queue_full", 503, f"{terms.max_queued} callers wait in {terms.name}", fix)

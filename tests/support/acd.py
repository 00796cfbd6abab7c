"""Queues on the hand clock: people whose phones are registered, and callers who note what they hear."""

import itertools
from dataclasses import dataclass, field

from edge.acd.acd import Acd
from edge.acd.agent import Agent
from edge.acd.lease import Lease, Why
from edge.acd.record import Told, Transition
from edge.acd.roster import World
from edge.acd.state import AgentEvent
from edge.acd.terms import AgentId, Member, QueueTerms
from edge.acd.ticket import Exit
from edge.directory import UserId
from edge.error import Refusal
from edge.journal import CallId
from tests.support.directory import ACC, FakeDirectory


def user(number: str) -> UserId:
    return UserId(f"us_{number}")


def member(number: str, level: int = 1) -> Member:
    return Member(AgentId(user(number)), level)


@dataclass
class FakeCaller:
    """Hears of offers, and does nothing about them."""

    desk: "Desk"
    call: CallId
    offers: list[Lease] = field(default_factory=list)
    "That ring."
    lost: list[tuple[str, str]] = field(default_factory=list)
    "Number of the agent, and why."
    exits: list[Exit] = field(default_factory=list)

    def offered(self, lease: Lease, now: float) -> None:
        self.offers.append(lease)

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        self.offers.remove(lease)
        self.lost.append((lease.agent.removeprefix("us_"), why.value))

    def expelled(self, exit: Exit, now: float) -> None:
        self.exits.append(exit)

    @property
    def rung(self) -> list[str]:
        return [lease.agent.removeprefix("us_") for lease in self.offers]

    def answered(self, at: int = 0) -> bool:
        """The agent picks up."""
        lease = self.offers.pop(at)
        return self.desk.acd.take(lease, self.desk.now)


class Desk:
    """Queues of one account; `1001`, `1002`… are its users."""

    def __init__(self, *queues: QueueTerms, users: int = 4) -> None:
        self.now = 1_000.0
        self.directory = FakeDirectory()
        for number in range(1001, 1001 + users):
            self.directory.add_user(str(number))
        self.directory.queue_terms = {queue.name: queue for queue in queues}
        self.unreachable: set[str] = set()
        self.occupied: set[str] = set()
        self.chance = 0.0
        self.kept: list[Told] = []
        self.log: list[Transition] = []
        self._ids = itertools.count(1)
        self.acd = self.fresh()

    def fresh(self) -> Acd:
        """Queues that know nothing, as after a crash."""
        world = World(
            directory=self.directory,
            reachable=lambda account, user, now: user not in self.unreachable,
            occupied=lambda account, user: user in self.occupied,
            wall=lambda now: int(now * 1000),
            chance=lambda: self.chance,
            id=lambda now: f"ls_{next(self._ids)}",
            keep=self.kept.append,
            log=self.log.append,
        )
        return Acd(world)

    def tell(self, number: str, *events: str, reason: str = "") -> Agent:
        for event in events:
            found = self.acd.tell(ACC, user(number), AgentEvent(event), self.now, reason=reason)
            assert not isinstance(found, Refusal), found
        return self.agent(number)

    def ready(self, *numbers: str) -> None:
        for number in numbers:
            self.tell(number, "login", "available")

    def agent(self, number: str) -> Agent:
        return self.acd.roster.agent(ACC, AgentId(user(number)))

    def joins(self, name: str, queue: str = "support", **how: object) -> FakeCaller:
        caller = FakeCaller(self, CallId(name))
        refusal = self.acd.join(caller.call, ACC, queue, caller, self.now, **how)  # type: ignore[arg-type]
        assert refusal is None, refusal
        return caller

    def advance(self, seconds: float) -> None:
        """Every timer on the way runs at its time."""
        end = self.now + seconds
        while (at := self.acd.next_timer_at()) is not None and at <= end:
            self.now = max(self.now, at)
            self.acd.handle_timer(self.now)
        self.now = end

    def causes(self, number: str) -> list[str]:
        return [row.cause for row in self.log if row.agent == user(number)]

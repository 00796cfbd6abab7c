"""Everybody who serves queues: what they said, what they do, and whether a call can be offered (S004-44…48).

::

    status (theirs)  offline ◀─▶ on_break ◀─▶ available
    state (ours)     waiting ─▶ offering ─▶ in_call ─▶ wrap_up ─▶ waiting

Every state but waiting has its end: an offer its deadline, a call its caller, a wrap-up its alarm.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from edge.acd.agent import Agent
from edge.acd.lease import Lease
from edge.acd.record import Told, Transition
from edge.acd.state import STATUS, AgentEvent, State, Status, Turn
from edge.acd.strategy import Candidate
from edge.acd.terms import AgentId, Member, QueueTerms, name_of_ai
from edge.agenda import Agenda
from edge.directory import AccountId, Directory, UserId
from edge.error import Refusal
from edge.journal import CallId


@dataclass(slots=True)
class World:
    """What the queues cannot know by themselves."""

    directory: Directory
    reachable: Callable[[AccountId, UserId, float], bool]
    "(account, user, now): a phone of the user is registered."
    occupied: Callable[[AccountId, UserId], bool]
    "The user is in some call."
    wall: Callable[[float], int]
    "Monotonic seconds → ms UTC."
    chance: Callable[[], float]
    "In [0, 1)."
    id: Callable[[float], str]
    "A new id."
    keep: Callable[[Told], None]
    "Write down what an agent said."
    log: Callable[[Transition], None]


class Roster:
    """Memory is bounded by the users and AI agents that there are."""

    def __init__(self, world: World, agenda: Agenda, rested: Callable[[Agent, float], None]) -> None:
        """Args: rested: an agent is free again."""
        self._world = world
        self._agenda = agenda
        self._rested = rested
        self._agents: dict[tuple[AccountId, AgentId], Agent] = {}

    def agent(self, account: AccountId, id: AgentId) -> Agent:
        found = self._agents.get((account, id))
        if found is None:
            found = self._agents[account, id] = Agent(account, id)
        return found

    def load(self, kept: Told) -> None:
        """From before the start; whatever call it had is gone."""
        agent = self.agent(kept.account, kept.agent)
        agent.told, agent.status, agent.reason, agent.since = True, kept.status, kept.reason, kept.since
        agent.memberships = None if kept.memberships is None else dict(kept.memberships)

    def __iter__(self) -> Iterator[Agent]:
        return iter(self._agents.values())

    # What can be asked.

    def status(self, agent: Agent) -> Status:
        if name_of_ai(agent.id):
            return Status.AVAILABLE
        if agent.told:
            return agent.status
        queues = self._world.directory.queues(agent.account)
        ready = any(queue.auto_ready and queue.member(agent.id) is not None for queue in queues)
        return Status.AVAILABLE if ready else Status.OFFLINE

    def reachable(self, agent: Agent, now: float) -> bool:
        if name_of_ai(agent.id):
            return self._world.directory.agent(agent.account, name_of_ai(agent.id)) is not None
        return self._world.reachable(agent.account, UserId(agent.id), now)

    def occupied(self, agent: Agent) -> bool:
        """In a call that is none of the queues'."""
        if name_of_ai(agent.id) or agent.state in (State.OFFERING, State.IN_CALL):
            return False
        return self._world.occupied(agent.account, UserId(agent.id))

    def eligible(self, agent: Agent, now: float) -> bool:
        """A call may be offered (S004-48)."""
        free = len(agent.held) < agent.capacity if name_of_ai(agent.id) else agent.state is State.WAITING
        return (
            free
            and agent.not_before <= now
            and self.status(agent) is Status.AVAILABLE
            and self.reachable(agent, now)
            and not self.occupied(agent)
        )

    def members(self, account: AccountId, queue: QueueTerms) -> Iterator[tuple[Agent, Member, int]]:
        """With their place in the list; those who joined by themselves come behind."""
        for place, member in enumerate(queue.members):
            agent = self.agent(account, member.agent)
            agent.capacity = member.calls
            if agent.memberships is None:
                yield agent, member, place
        place = len(queue.members)
        for (of, id), agent in self._agents.items():
            if of == account and agent.memberships is not None and queue.name in agent.memberships:
                yield agent, Member(id, agent.memberships[queue.name]), place
                place += 1

    def memberships(self, agent: Agent) -> dict[str, int]:
        """Queue → level."""
        if agent.memberships is not None:
            return dict(agent.memberships)
        queues = self._world.directory.queues(agent.account)
        found = {queue.name: queue.member(agent.id) for queue in queues}
        return {name: member.level for name, member in found.items() if member is not None}

    def staffed(self, account: AccountId, queue: QueueTerms, now: float) -> bool:
        """Somebody is signed in who can be reached, be he busy or on a break."""
        return any(
            self.status(agent) is not Status.OFFLINE and self.reachable(agent, now)
            for agent, _, _ in self.members(account, queue)
        )

    def free(self, account: AccountId, queue: QueueTerms, now: float) -> list[Candidate]:
        """Those who can be offered a call."""
        return [
            Candidate(agent, member.level, place)
            for agent, member, place in self.members(account, queue)
            if self.eligible(agent, now)
        ]

    def at_work(self, account: AccountId, queue: QueueTerms, now: float) -> int:
        """How many callers are served at one time."""
        return sum(
            agent.capacity
            for agent, _, _ in self.members(account, queue)
            if self.status(agent) is Status.AVAILABLE and self.reachable(agent, now)
        )

    # What agents say.

    def tell(
        self,
        account: AccountId,
        id: AgentId,
        event: AgentEvent,
        now: float,
        *,
        reason: str = "",
        memberships: Mapping[str, int] | None = None,
    ) -> Agent | Refusal:
        """The agent from now on; telling the same again changes nothing.

        Args: memberships: queue → level, in place of the active ones; None: they stay (S004-45).
        """
        agent = self.agent(account, id)
        before = self.status(agent)
        status = STATUS[before].get(event)
        if status is None:
            return Refusal(
                "not_signed_in", 409, f"{event} needs an agent who is signed in", "send login first"
            )
        user = self._world.directory.user_by_id(UserId(id))
        if event is AgentEvent.LOGIN and user is not None and user.ready_on_login:
            status = Status.AVAILABLE
        reason = reason if event is AgentEvent.PAUSE else agent.reason if before is status else ""
        changed = (status, reason) != (before, agent.reason)
        moved = memberships is not None and memberships != agent.memberships
        if moved and memberships is not None:
            agent.memberships = dict(memberships)
        if event in (AgentEvent.AVAILABLE, AgentEvent.UNPAUSE):
            agent.missed, agent.not_before = 0, 0.0
        if changed:
            self._become(agent, status, reason, event.value, now)
        elif moved:
            self._world.keep(agent.kept())
            self.log(agent, "queues", now)
        if event is AgentEvent.AVAILABLE and agent.state is State.WRAP_UP:
            self._rest(agent, event.value, now)
        return agent

    # What happens to them.

    def offered(self, agent: Agent, lease: Lease, now: float) -> None:
        if name_of_ai(agent.id):
            agent.held.add(lease.call)
            return
        agent.turn(Turn.OFFERED)
        agent.lease = lease
        self.log(agent, "offered", now, queue=lease.queue, call=lease.call)

    def released(self, agent: Agent, lease: Lease, why: str, now: float) -> None:
        """The offer is over, and this agent has not got the caller."""
        if name_of_ai(agent.id):
            agent.held.discard(lease.call)
            return
        agent.turn(Turn.RELEASED)
        agent.lease = None
        self.log(agent, why, now, queue=lease.queue, call=lease.call)

    def took(self, agent: Agent, lease: Lease, now: float) -> None:
        agent.calls += 1
        agent.missed = 0
        if name_of_ai(agent.id):
            return
        agent.turn(Turn.TAKEN)
        agent.lease, agent.call = None, lease.call
        self.log(agent, "answered", now, queue=lease.queue, call=lease.call)

    def ended(self, agent: Agent, call: CallId, wrap_up: float, cause: str, now: float) -> None:
        """The conversation is over."""
        agent.idle_since = now
        if name_of_ai(agent.id):
            agent.held.discard(call)
            self._rested(agent, now)
            return
        agent.turn(Turn.ENDED)
        agent.call = None
        if wrap_up <= 0:
            self._rest(agent, cause, now, call)
            return
        self.log(agent, cause, now, call=call)
        agent.wrap_up = self._agenda.at(now + wrap_up, lambda at: self._rest(agent, "wrap_up_over", at))

    def pause(self, agent: Agent, seconds: float, now: float) -> None:
        """After missed offers; it ends by itself after `seconds`, unless that is 0 (S004-56)."""
        agent.missed = 0
        self._become(agent, Status.ON_BREAK, "missed_offers", "auto_pause", now)
        if seconds > 0:
            agent.back = self._agenda.at(now + seconds, lambda at: self._back(agent, at))

    def log(self, agent: Agent, cause: str, now: float, *, queue: str = "", call: str = "") -> None:
        status = self.status(agent)
        at = self._world.wall(now)
        reason = agent.reason if agent.told else ""
        row = Transition(agent.account, agent.id, at, status, agent.state, cause, reason, queue, call)
        self._world.log(row)

    # Inside.

    def _become(self, agent: Agent, status: Status, reason: str, cause: str, now: float) -> None:
        if agent.back is not None:
            agent.back.cancel()
            agent.back = None
        if status is Status.AVAILABLE and agent.status is not status:
            agent.idle_since = now
        agent.told, agent.status, agent.reason = True, status, reason
        agent.since = self._world.wall(now)
        self._world.keep(agent.kept())
        self.log(agent, cause, now)

    def _rest(self, agent: Agent, cause: str, now: float, call: str = "") -> None:
        if agent.wrap_up is not None:
            agent.wrap_up.cancel()
            agent.wrap_up = None
        agent.turn(Turn.RESTED)
        self.log(agent, cause, now, call=call)
        self._rested(agent, now)

    def _back(self, agent: Agent, now: float) -> None:
        agent.back = None
        if agent.status is Status.ON_BREAK and agent.reason == "missed_offers":
            self._become(agent, Status.AVAILABLE, "", "auto_unpause", now)
            self._rested(agent, now)

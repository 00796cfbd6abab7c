"""One who serves queues, as the roster holds him: what he said, and what he is doing."""

from dataclasses import dataclass, field

from edge.acd.lease import Lease
from edge.acd.record import Told
from edge.acd.state import STATE, State, Status, Turn
from edge.acd.terms import AgentId
from edge.agenda import Alarm
from edge.directory import AccountId
from edge.journal import CallId


@dataclass(slots=True)
class Agent:
    account: AccountId
    id: AgentId
    capacity: int = 1
    "Callers at one time: more than one of an AI agent alone."
    told: bool = False
    "Has said something since the beginning of time."
    status: Status = Status.OFFLINE
    reason: str = ""
    since: int = 0
    "[ms UTC]"
    memberships: dict[str, int] | None = None
    state: State = State.WAITING
    lease: Lease | None = None
    call: CallId | None = None
    held: set[CallId] = field(default_factory=set)
    "Of an AI agent: callers that it has or is offered."
    missed: int = 0
    "Offers in a row."
    not_before: float = 0.0
    "Is offered nothing until then [s]."
    idle_since: float = 0.0
    "[s]"
    calls: int = 0
    "Taken."
    wrap_up: Alarm | None = None
    back: Alarm | None = None
    "The end of a pause after missed offers."

    def turn(self, turn: Turn) -> None:
        after = STATE[self.state].get(turn)
        assert after is not None, f"{turn} does not happen to an agent who is {self.state}"
        self.state = after

    def kept(self) -> Told:
        memberships = None if self.memberships is None else dict(self.memberships)
        return Told(self.account, self.id, self.status, self.reason, self.since, memberships)

"""What is written down of those who serve queues: what they said, and every change of their state."""

from collections.abc import Mapping

from config.value import dataclass
from edge.acd.state import State, Status
from edge.acd.terms import AgentId
from edge.directory import AccountId


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent said of himself: it survives a restart."""

    account: AccountId
    agent: AgentId
    status: Status
    reason: str
    "Of a break."
    since: int
    "[ms UTC]"
    memberships: Mapping[str, int] | None
    "Queue → level; None: as the configuration has it."


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the log for reports (F-S4)."""

    account: AccountId
    agent: AgentId
    at: int
    "[ms UTC]"
    status: Status
    state: State
    cause: str
    "What brought it about: an event of S004-44, `offered`, `missed`, `auto_pause`, `reaped`…"
    reason: str = ""
    queue: str = ""
    call: str = ""

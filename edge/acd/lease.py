"""The right of one agent to one caller for a while (S004-51…54).

The id stands for the pair, the epoch for the attempt: an answer that comes after its attempt is over names an
old epoch, and wins nothing. `deadline` holds whether or not its timer was heard.
"""

import enum
from dataclasses import dataclass
from typing import NewType

from edge.acd.terms import AgentId
from edge.directory import AccountId
from edge.journal import CallId

LeaseId = NewType("LeaseId", str)


class Why(enum.StrEnum):
    """How an offer ended without its agent getting the caller."""

    MISSED = "missed"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    "The phone could not be rung, or did not work."
    ELSEWHERE = "answered_elsewhere"
    CALLER_LEFT = "caller_left"
    SIGNED_OFF = "agent_not_available"
    "The agent paused or signed out meanwhile."


MISSES = frozenset({Why.MISSED, Why.UNREACHABLE})
"What counts towards the pause after missed offers (S004-56)."


@dataclass(slots=True)
class Lease:
    id: LeaseId
    epoch: int
    account: AccountId
    call: CallId
    agent: AgentId
    queue: str
    deadline: float
    "[s]"

"""What a queue is told by its configuration: how callers wait, and who is rung for them."""

import enum
from collections.abc import Mapping
from dataclasses import field
from typing import Final, NewType

from config.value import dataclass

AgentId = NewType("AgentId", str)
"Who serves callers: the id of a user, or of an AI agent (`ai_agent`)."

_AI: Final = "agent:"


def ai_agent(name: str) -> AgentId:
    return AgentId(f"{_AI}{name}")


def name_of_ai(agent: AgentId) -> str:
    """Empty: it is a person."""
    return agent.removeprefix(_AI) if agent.startswith(_AI) else ""


class Strategy(enum.StrEnum):
    LONGEST_IDLE = "longest_idle"
    RING_ALL = "ring_all"
    ROUND_ROBIN = "round_robin"
    FEWEST_CALLS = "fewest_calls"
    RANDOM = "random"
    TOP_DOWN = "top_down"


@dataclass(frozen=True, slots=True)
class Member:
    """One who serves a queue by its configuration."""

    agent: AgentId
    level: int = 1
    "Tier: lower ones are rung first."
    calls: int = 1
    "At one time, of an AI agent; people have one."


@dataclass(frozen=True, slots=True)
class Announcements:
    """What a caller who waits is told between the music."""

    position: bool = False
    wait: bool = False
    "The estimate, in minutes."
    first: float = 10.0
    "[s]"
    interval: float = 30.0
    "[s]"

    def __bool__(self) -> bool:
        return self.position or self.wait


@dataclass(frozen=True, slots=True)
class CallbackTerms:
    """How callers are called back who do not wait on the line."""

    schedule: str = ""
    "Of the account: its hours alone; empty: at any time."
    expires: float = 86_400.0
    "[s]"
    attempts: int = 3
    retry: float = 600.0
    "After the first try in vain, twice as long after each further one [s]."
    ring_timeout: float = 30.0
    "Of the customer [s]."
    max_waiting: int = 100
    per_number: int = 3
    "Promises to one number within 24 hours."
    prefixes: tuple[str, ...] = ()
    "Of numbers, as digits with country code; empty: those of the account's own country."
    caller_id: str = ""
    "Shown to the customer; empty: the number that he had called."
    whisper: str = "A callback. Please stay on the line."
    "Told to the agent who answers."


@dataclass(frozen=True, slots=True)
class QueueTerms:
    name: str
    id: str = ""
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_timeout: float = 20.0
    "An agent is rung so long; also how long the lease of an offer lives [s]."
    wrap_up: float = 5.0
    "After a call, so long an agent is left alone [s]."
    max_wait: float = 600.0
    "A caller waits so long at most [s]."
    max_queued: int = 100
    max_no_answer: int = 3
    "Offers missed in a row, after which an agent is paused; 0: never."
    no_answer_pause: float = 0.0
    "Such a pause ends by itself after so long [s]; 0: by `unpause`."
    retry_delay: float = 5.0
    "Who has missed or declined is offered nothing for so long [s]."
    leave_when_empty: bool = True
    "Callers leave when nobody is signed in whose phone is registered."
    auto_ready: bool = False
    "Members need not sign in."
    members: tuple[Member, ...] = ()
    "In the order of top_down."
    skills: Mapping[str, int] = field(default_factory=dict)
    "Name → least level that an agent must have."
    overflow: str = ""
    "Another queue, for callers who have waited `overflow_after`."
    overflow_after: float = 60.0
    "[s]"
    service_level: float = 20.0
    "Calls answered within so long are in time [s]."
    expected_call: float = 180.0
    "Length of a call where none was measured yet [s]."
    music: str = "builtin"
    "As `Account.hold_music`."
    greeting: str = ""
    "Told once to who comes in."
    announcements: Announcements = Announcements()
    whisper: str = ""
    "Told to the agent who answers, before the two are joined."
    confirm: str = ""
    "The key by which an agent takes the call; empty: by answering."
    confirm_timeout: float = 10.0
    "[s]"
    callback: CallbackTerms = CallbackTerms()

    def member(self, agent: AgentId) -> Member | None:
        return next((member for member in self.members if member.agent == agent), None)

"""Waiting lines: how their callers wait, and who is rung for them (S004-44…56)."""

import enum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.section import Count, Duration, Name, Number, RelativePath, Section, refusal

Level = Annotated[int, Field(ge=1, le=100)]
Prefix = Annotated[str, Field(pattern=r"^\+?[0-9]{1,15}$")]


class QueueStrategy(enum.StrEnum):
    LONGEST_IDLE = "longest_idle"
    RING_ALL = "ring_all"
    ROUND_ROBIN = "round_robin"
    FEWEST_CALLS = "fewest_calls"
    RANDOM = "random"
    TOP_DOWN = "top_down"


class QueueMember(Section):
    """One who serves the queue: a person, `{user: "1001"}`, or an AI agent, `{agent: demo}`."""

    user: Number | None = None
    agent: Name | None = None
    level: Level = 1
    "Tier: all free agents of a lower one come first."
    calls: int = Field(default=1, ge=1, le=1_000)
    "At one time, of an AI agent; a person has one."

    @model_validator(mode="after")
    def _one(self) -> "QueueMember":
        if (self.user is None) == (self.agent is None):
            raise refusal("a member is a user or an agent", 'write {user: "1001"} or {agent: demo}')
        if self.user is not None and self.calls != 1:
            raise refusal("a person has one call at a time", "leave out calls")
        return self


class Announce(Section):
    """What callers are told between the music."""

    position: bool = False
    wait: bool = False
    "The estimate, in minutes."
    first: Duration = Field(default=10.0, ge=1, le=3_600)
    "After so long [s]."
    interval: Duration = Field(default=30.0, ge=5, le=3_600)
    "And then every so long [s]."


class Overflow(Section):
    """Another queue that helps: callers keep what they have waited."""

    queue: Name
    after: Duration = Field(default=60.0, gt=0, le=86_400)
    "[s]; at once where nobody is signed in."


class Callback(Section):
    """How callers are called back whom a flow has promised it (nodes `enqueue` and `callback`)."""

    schedule: Name | None = None
    "People are called in its hours alone; omitted: at any time."
    expires: Duration = Field(default=86_400.0, ge=60, le=604_800)
    "Who was not reached by then is called no more [s]."
    attempts: int = Field(default=3, ge=1, le=20)
    "So often the customer is dialled."
    retry: Duration = Field(default=600.0, ge=10, le=86_400)
    "After the first try in vain, twice as long after each further one [s]."
    ring_timeout: Duration = Field(default=30.0, ge=5, le=180)
    "The customer is rung so long [s]."
    max_waiting: Annotated[Count, Field(le=10_000)] = 100
    "Promises at one time; beyond it none are made."
    per_number: int = Field(default=3, ge=1, le=1_000)
    "Promises to one number within 24 hours; who asks again while one waits has that one."
    prefixes: tuple[Prefix, ...] = Field(default=(), max_length=200)
    "Of the numbers that are called, with country code; omitted: those of `fraud.country`, if that is set."
    caller_id: Annotated[str, Field(max_length=32, pattern=r"^\+?[0-9]*$")] = ""
    "Shown to the customer; omitted: the number that he had called, else as the trunk has it."
    whisper: str = Field(default="A callback. Please stay on the line.", max_length=1_000)
    "Spoken to the agent who answers, before the customer is dialled."


class Queue(Section):
    """A waiting line."""

    strategy: QueueStrategy = QueueStrategy.LONGEST_IDLE
    agent_ring_timeout: Duration = Field(default=20.0, gt=0, le=300)
    "An agent is rung so long, and so long lives the lease of an offer [s]."
    wrap_up: Duration = Field(default=5.0, ge=0, le=3_600)
    "After a call its agent is left alone for so long [s]."
    max_wait: Duration = Field(default=600.0, gt=0, le=86_400)
    "A caller waits so long at most [s]; exit timeout."
    max_queued: Annotated[Count, Field(le=10_000)] = 100
    "Callers at one time; one more leaves by failed."
    max_no_answer: int = Field(default=3, ge=0, le=1_000)
    "Offers that an agent misses in a row before a pause; 0: never."
    no_answer_pause: Duration = Field(default=0.0, ge=0, le=86_400)
    "Such a pause ends by itself after so long [s]; 0: the agent ends it."
    retry_delay: Duration = Field(default=5.0, ge=1, le=3_600)
    "Who missed or declined a call is offered none for so long [s]."
    when_empty: Literal["leave", "wait"] = "leave"
    "When nobody is signed in whose phone is registered: callers leave by no_agents, or wait."
    auto_ready: bool = False
    "Members need not sign in: they are available until they say something else."
    members: tuple[QueueMember, ...] = Field(default=(), max_length=1_000)
    "In the order of top_down; others join by `POST /agent`, which also replaces this for whom it names."
    skills: dict[Name, Level] = Field(default={}, max_length=20)
    "Name → least level of the agents who are rung."
    overflow: Overflow | None = None
    service_level: Duration = Field(default=20.0, gt=0, le=3_600)
    "Calls answered within so long are in time [s]."
    expected_call: Duration = Field(default=180.0, gt=0, le=86_400)
    "Length of a call until some were measured, for the estimate of the wait [s]."
    music: Literal["account", "builtin", "silence"] | RelativePath = "account"
    "While waiting: as `hold_music` of the account, our tune, nothing, or a WAV."
    greeting: str = Field(default="", max_length=1_000)
    "Spoken once to who comes in."
    announce: Announce = Announce()
    whisper: str = Field(default="", max_length=1_000)
    "Spoken to the agent who answers, before the two are joined."
    confirm: str = Field(default="", pattern=r"^[0-9*#]?$")
    "The key by which an agent takes the call; empty: answering does."
    confirm_timeout: Duration = Field(default=10.0, ge=1, le=60)
    "For the key, after the whisper [s]."
    callback: Callback = Callback()

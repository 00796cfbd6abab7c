"""What one commit writes, and what became of it."""

from dataclasses import dataclass, field

from controlplane.store.act import Act
from controlplane.store.ban import NodeBan
from controlplane.store.queue_day import Key
from controlplane.store.voicemail import Voicemail
from edge.acd.record import Told, Transition
from edge.acd.terms import AgentId
from edge.directory import AccountId
from edge.journal import CallId, Cdr, Change, OpenCall, TraceEvent
from edge.security.ban import AllowRecord


@dataclass(slots=True)
class Batch:
    promises: list[tuple[Change | Act, ...]] = field(default_factory=list)
    opened: dict[CallId, OpenCall] = field(default_factory=dict)
    closed: dict[CallId, Cdr] = field(default_factory=dict)
    traces: dict[CallId, list[TraceEvent]] = field(default_factory=dict)
    bans: dict[tuple[str, str], NodeBan] = field(default_factory=dict)
    "By node and network."
    allowed: dict[str, AllowRecord | None] = field(default_factory=dict)
    "By network; None: not any more."
    messages: dict[str, Voicemail | None] = field(default_factory=dict)
    "Voicemail by key; None: erased."
    agents: dict[tuple[AccountId, AgentId], Told] = field(default_factory=dict)
    moves: list[Transition] = field(default_factory=list)
    "Of agents, in order."
    queue_days: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    "What is added to the counts of each."
    prune_before: int | None = None
    "Forget trace chunks written, and moves of agents made, before this [ms UTC]."
    prune_cdrs_before: int | None = None
    "Forget calls that began before this [ms UTC]."
    prune_bans_before: int | None = None
    "Forget bans that would have ended before this [ms UTC]."


@dataclass(frozen=True, slots=True)
class Written:
    kept: tuple[bool, ...]
    "For each promise: is it on disk?"
    committed: bool
    "False: nothing of the batch is on disk, for a reason that may pass."
    rejected: int = 0
    "Rows that no database would take; they are lost."
    error: str = ""

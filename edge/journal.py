"""What the edge leaves behind, stated as a `Protocol` that the store fulfils.

A *promise* (a binding answered with 200, a text with 202) is handed over with a callback that comes once its
batch is committed, or with False when the commit failed. All else is written behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import NewType, Protocol

from config.value import dataclass
from edge.acd.record import Told, Transition
from edge.directory import AccountId

CallId = NewType("CallId", str)


@dataclass(frozen=True, slots=True)
class Binding:
    """One Contact of an address of record (RFC 3261 §10.3)."""

    account: AccountId
    aor: str
    "The username part; host and parameters are the account's."
    contact: str
    "URI as it was registered."
    q: float
    expires_at: int
    "Wall clock [ms since the epoch, UTC]."
    call_id: str
    cseq: int
    path: tuple[str, ...]
    "Path header values, topmost first (RFC 3327)."
    flow: str
    "Where requests for it go: `edge.sip.flow.Flow` in text."
    user_agent: str
    instance: str = ""
    "`+sip.instance` (RFC 5626), empty when absent."
    reg_id: int = 0


@dataclass(frozen=True, slots=True)
class BindingChange:
    """`binding` is what now holds for (account, aor, contact), or None when it was removed."""

    account: AccountId
    aor: str
    contact: str
    binding: Binding | None


@dataclass(frozen=True, slots=True)
class Keepsake:
    """What a later run of the edge takes up again: a text that waits, a subscription."""

    kind: str
    "`text`, `subscription` or `callback`."
    key: str
    account: AccountId
    expires_at: int
    "[ms UTC]"
    data: dict[str, object]
    "JSON values, written and read by whom it belongs to."


@dataclass(frozen=True, slots=True)
class KeepsakeChange:
    """`keepsake` is what now holds for (kind, key), or None when it is not needed any more."""

    kind: str
    key: str
    keepsake: Keepsake | None


Change = BindingChange | KeepsakeChange


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One row of a call's trace (S004-63)."""

    ts: int
    "[ms since the epoch, UTC]"
    layer: str
    "sip, auth, route, admission, call, flow, media or agent."
    event: str
    outcome: str = ""
    node_id: str = ""
    data: dict[str, object] = field(default_factory=dict)
    "Plain JSON values and bytes (SIP messages as they were on the wire, secrets already masked)."


@dataclass(frozen=True, slots=True)
class OpenCall:
    """Written when a call is admitted; at boot, leftovers become CDRs with cause `interrupted`."""

    id: CallId
    account: AccountId
    sip_call_id: str
    direction: str
    "in, out or internal."
    caller: str
    callee: str
    started_at: int
    "[ms UTC]"


@dataclass(frozen=True, slots=True)
class Cdr:
    """One row per call, written when it ends."""

    id: CallId
    account: AccountId
    sip_call_id: str
    direction: str
    caller: str
    callee: str
    target: str
    "What was reached, `kind:value`, e.g. `agent:demo`, `user:1002`, `echo:`."
    started_at: int
    answered_at: int | None
    ended_at: int
    disposition: str
    "answered, busy, no_answer, failed, cancelled, refused or interrupted."
    cause: str
    "For machines: `caller_hangup`, `callee_hangup`, `agent_failed`, `rtp_timeout`, `no_such_number`…"
    sip_status: int
    "Final status of the caller's INVITE."
    q850: int
    media: dict[str, object] = field(default_factory=dict)
    "Per-leg statistics."
    queue: str | None = None
    "The last one in which the caller waited."
    agent: str | None = None
    "Who answered there: a user's id, or `agent:` and the name of an AI agent."
    wait_ms: int | None = None
    "In that queue."


class Journal(Protocol):
    def promise(self, changes: Sequence[Change], committed: Callable[[bool], None]) -> None:
        """A promise: `committed(True)` after the batch with all of `changes` is on disk."""

    @property
    def saturated(self) -> bool:
        """So much waits to be written that no new call should begin."""

    def opened(self, call: OpenCall) -> None: ...

    def closed(self, cdr: Cdr) -> None: ...

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        """In order, per call; may trail by 1 s."""

    def agent(self, told: Told) -> None:
        """What an agent says of himself holds from now on."""

    def agent_moved(self, row: Transition) -> None:
        """For reports."""

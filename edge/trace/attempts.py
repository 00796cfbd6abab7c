"""Requests that became nothing: challenged and not proven, or turned away before anybody was known (S004-62).

::

    401 ─▶ challenged ─┬─▶ the proof comes: a call's trace begins with it (`tell`), a registration forgets it
                       └─▶ none in 8 s ─▶ a trace of its own, under its SIP Call-ID
    403, 503 … ─▶ refused ─────────────▶ the same

Each leaves a row that says who, by which rule, which value, and what to change to get through. The table
is the limit of what a flood may write: who is displaced by others leaves nothing but a count.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any, Final

from config.value import dataclass
from edge.error import Refusal
from edge.journal import CallId, Journal, TraceEvent
from edge.sip.digest import credentials_for
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.trace.trace import Trace

LIFE: Final = 8.0
"A caller that has not come back by then has given up: the last copy of its request is sent after 7.5 s [s]."

STEPS: Final = 4
"Messages kept of one attempt; a peer that goes on with the same password says nothing new."

_DIGEST: Final = {
    "no_credentials": (
        "no credentials for this realm came with it, or after it",
        "answer the 401 as a device of accounts[].users; equipment that cannot is a trunk with auth.ip; "
        "strangers reach accounts[].dids alone",
    ),
    "wrong_password": (
        "username or password is wrong",
        "compare both with accounts[].users[].devices (or the trunk's auth) and what the equipment has",
    ),
    "stale": ("the nonce is too old", "answer the new 401 with its nonce"),
    "replay": ("the nonce count was used before", "count nc up, or answer the new 401 with its nonce"),
}


@dataclass(frozen=True, slots=True)
class Step:
    at: float
    request: Request
    response: Response
    flow: Flow
    why: str | Refusal
    "For a challenge `no_credentials`, `wrong_password`, `stale` or `replay`."
    realm: str = ""
    "Of the challenge."

    def explained(self) -> tuple[str, str, str]:
        """Code, text and fix."""
        if isinstance(self.why, Refusal):
            return self.why.code, self.why.text, self.why.fix
        return (self.why, *_DIGEST[self.why])


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the list of those that were turned away."""

    ts: int
    "Of the last message [ms UTC]."
    method: str
    who: str
    "User and host of From."
    to: str
    source: str
    status: int
    code: str
    text: str
    fix: str
    sip_call_id: str


@dataclass(slots=True)
class _Entry:
    since: float
    steps: list[Step] = field(default_factory=list)


class Attempts:
    def __init__(self, journal: Journal, wall: Callable[[float], int], limit: int) -> None:
        """Args: limit: how many at once, and how many of those that are over are listed."""
        self._journal = journal
        self._wall = wall
        self._limit = limit
        self._live: OrderedDict[str, _Entry] = OrderedDict()  # by Call-ID, oldest first
        self._over: deque[Attempt] = deque(maxlen=limit)
        self.displaced = 0
        "Left no trace, because more came at once than are kept."

    def __len__(self) -> int:
        return len(self._live)

    def challenged(
        self, request: Request, response: Response, flow: Flow, code: str, realm: str, now: float
    ) -> None:
        self._note(Step(now, request, response, flow, code, realm))

    def refused(self, request: Request, response: Response, flow: Flow, why: Refusal, now: float) -> None:
        """Where neither a call nor anybody it belongs to is known."""
        self._note(Step(now, request, response, flow, why))

    def proven(self, sip_call_id: str) -> None:
        """It has become what it asked for."""
        self._live.pop(sip_call_id, None)

    def tell(self, sip_call_id: str, trace: Trace, now: float) -> None:
        """Begin the trace of the call that it has become with what came before the proof."""
        entry = self._live.pop(sip_call_id, None)
        if entry is not None and now - entry.since <= LIFE:
            _tell(entry, trace)

    def rows(self, sip_call_id: str) -> tuple[TraceEvent, ...]:
        """Of one that is not in the journal yet."""
        entry = self._live.get(sip_call_id)
        return () if entry is None else self._trace(sip_call_id, entry).waiting()

    def recent(self) -> Iterator[Attempt]:
        """Newest first; those that may still be proven among them."""
        for sip_call_id, entry in reversed(self._live.items()):
            yield self._attempt(sip_call_id, entry)
        yield from reversed(self._over)

    def write_due(self, now: float) -> None:
        while self._live:
            sip_call_id, entry = next(iter(self._live.items()))
            if entry.since + LIFE > now:
                return
            del self._live[sip_call_id]
            self._over.append(self._attempt(sip_call_id, entry))
            self._journal.traced(CallId(sip_call_id), self._trace(sip_call_id, entry).take())

    def next_timer_at(self) -> float | None:
        for entry in self._live.values():
            return entry.since + LIFE
        return None

    # Inside.

    def _note(self, step: Step) -> None:
        if not self._limit:
            return
        live = self._live
        entry = live.get(step.request.call_id)
        if entry is None:
            while len(live) >= self._limit:
                live.popitem(last=False)
                self.displaced += 1
            entry = live[step.request.call_id] = _Entry(step.at)
        if len(entry.steps) < STEPS:
            entry.steps.append(step)
        else:
            entry.steps[-1] = step

    def _trace(self, sip_call_id: str, entry: _Entry) -> Trace:
        trace = Trace(CallId(sip_call_id), self._wall, 3 * STEPS)
        _tell(entry, trace)
        return trace

    def _attempt(self, sip_call_id: str, entry: _Entry) -> Attempt:
        last = entry.steps[-1]
        return Attempt(
            self._wall(last.at),
            last.request.method,
            _who(last.request),
            f"{last.request.uri.user or ''}@{last.request.uri.host}".removeprefix("@"),
            _source(last.flow),
            last.response.status,
            *last.explained(),
            sip_call_id,
        )


def _tell(entry: _Entry, trace: Trace) -> None:
    for step in entry.steps:
        code, text, fix = step.explained()
        trace.sip(step.at, False, step.request.wire(), step.flow)
        trace.add(
            step.at,
            "auth",
            "challenged" if step.realm else "refused",
            outcome=code,
            source=_source(step.flow),
            who=_who(step.request),
            method=step.request.method,
            status=step.response.status,
            text=text,
            fix=fix,
            **_proof(step),
        )
        trace.sip(step.at, True, step.response.wire(), step.flow)


def _proof(step: Step) -> dict[str, Any]:
    """The rule that it fell under, and what was given."""
    if not step.realm:
        return {}
    given = credentials_for(step.request.headers.all("Authorization"), step.realm)
    return {"rule": f"digest of {step.realm}", "username": "" if given is None else given.username}


def _who(request: Request) -> str:
    uri = request.from_.uri
    return f"{uri.dialled}@{uri.host}".removeprefix("@")


def _source(flow: Flow) -> str:
    return f"{flow.remote[0]}:{flow.remote[1]}"

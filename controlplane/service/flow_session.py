"""Flows of calls that an outside edge carries: it asks for commands, we step the machine (S004-29…37).

One state for each call, changed by one step at a time. A webhook is fetched by us while the edge is told
`noop`: it asks again, and gets what comes next when the answer is there. A step that names another `seq`
than the last command it was given is late, and is answered with the current command. Calls in a queue are
those of `controlplane.service.flow_queue`.
"""

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from config.identity import stable_id
from config.schema import FlowLimits
from controlplane.service.flow_queue import DECLINED, WAITING, FlowQueue
from edge.command.noop import outcome_of
from edge.directory import AccountId
from edge.error import Refusal
from edge.flow.command import Enqueue, Issued, Noop
from edge.flow.given import given
from edge.flow.machine import Program, State, begin, step
from edge.flow.scene import Outcome
from edge.flow.value import Value, bounded
from edge.journal import CallId, Journal
from edge.question import Look, Question, Reply
from edge.trace.flow_step import tell
from edge.trace.trace import Trace

Queue: TypeAlias = Callable[[CallId, AccountId, Callable[[str], None]], FlowQueue]

TRACE_ROWS = 2_000
"Of one call."


@dataclass(slots=True)
class _Session:
    account: AccountId
    flow: str
    "Name of the one in which it began."
    state: State
    trace: Trace
    used_at: float
    delivered: int = 0
    "`seq` of the last command that the edge was given."
    queue: FlowQueue | None = None
    "In which it waits, or talks to an agent."


class FlowSessions:
    def __init__(
        self,
        program: Callable[[AccountId], Program | None],
        journal: Journal,
        limits: FlowLimits,
        now: Callable[[], float],
        wall: Callable[[float], int],
        reply: Callable[[Question], Coroutine[Any, Any, Reply]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        id_of: Callable[[CallId], CallId] = lambda call: call,
        queue: Queue | None = None,
        do: Callable[[Callable[[float], None]], None] | None = None,
    ) -> None:
        """
        Args:
            program: the flows of an account; None: there is no such account.
            now: monotonic [s]; wall: monotonic → ms UTC.
            reply: asks a service.
            id_of: our id of a call that `/route` admitted, under which it is traced.
            queue: (call, account, expelled) → what waits for the call; None: there are no queues.
            do: runs one act on the edge.
        """
        self._program = program
        self._journal = journal
        self._limits = limits
        self._now = now
        self._wall = wall
        self._reply = reply
        self._spawn = spawn
        self._id_of = id_of
        self._queue = queue
        self._do = do or (lambda act: act(now()))
        self._sessions: OrderedDict[CallId, _Session] = OrderedDict()  # longest unused first

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, call: object) -> bool:
        return call in self._sessions

    def start(
        self, call: CallId, account: AccountId, flow: str, variables: Mapping[str, object]
    ) -> Issued | Refusal:
        """The first command; for a call that began already, in the same flow, the current one (S004-36)."""
        now = self._now()
        session = self._find(call, now)
        if session is not None:
            if session.account != account:
                return _no_call(call)
            if flow not in (session.flow, stable_id(account, "flow", session.flow)):
                fix = "a call has one flow; name another call, or end this one by outcome hangup"
                return Refusal("no_such_flow", 404, f"call {call} is not in flow {flow[:64]}", fix)
            return self._deliver(session)
        self._forget_idle(now)
        if len(self._sessions) >= self._limits.sessions:
            fix = "end calls by a step with outcome hangup, or raise limits.flow.sessions"
            return Refusal("too_many_sessions", 503, "too many calls are in flows", fix, retry_after=5)
        program = self._program(account)
        if program is None:
            return Refusal("no_such_account", 404, f"there is no account {account}", "check accountId")
        name = _name(program, account, flow)
        names = list(variables)[: self._limits.variables]
        brought: dict[str, Value] = {
            **given(call_id=call, account=account),
            **{key[:64]: bounded(variables[key]) for key in names},
        }
        begun = begin(program, name, brought, self._wall(now))
        if begun is None:
            fix = "add it under accounts[].flows"
            return Refusal("no_such_flow", 404, f"account {account} has no flow {flow}", fix)
        trace = Trace(self._id_of(call), self._wall, TRACE_ROWS)
        session = self._sessions[call] = _Session(account, name, begun[0], trace, now)
        trace.add(now, "flow", "begin", outcome=flow, version=begun[0].flow.version, door="http")
        self._stepped(call, session, now)
        return self._deliver(session)

    def step(
        self, call: CallId, outcome: Outcome, seq: int | None, account: AccountId | None = None
    ) -> Issued | Refusal:
        """What comes after `outcome`.

        Args:
            seq: of the command that ended; None: of the last one given.
            account: whose call it must be; None: whoever's.
        """
        now = self._now()
        session = self._find(call, now)
        if session is None or account not in (None, session.account):
            return _no_call(call)
        current = session.state.issued
        if session.queue is not None and outcome.name in (WAITING, DECLINED):
            self._do(lambda at: _heard(session, outcome, at))
            return self._deliver(session)
        late = (session.delivered if seq is None else seq) != current.seq
        fetching = isinstance(current.command, Noop) and current.command.fetch is not None
        if outcome.name == "hangup" or not (late or fetching):
            session.state, _ = step(session.state, outcome, self._wall(now))
            self._stepped(call, session, now)
        return self._deliver(session)

    def known_as(self, call: CallId) -> CallId:
        """Our id of a call that `/route` admitted; else the one that it was given."""
        return self._id_of(call)

    def told(self, call: CallId) -> dict[str, object]:
        """More params of the current command: a queue's."""
        session = self._sessions.get(call)
        return {} if session is None or session.queue is None else session.queue.told(self._now())

    # Inside.

    def _find(self, call: CallId, now: float) -> _Session | None:
        session = self._sessions.get(call)
        if session is not None:
            session.used_at = now
            self._sessions.move_to_end(call)
        return session

    def _forget_idle(self, now: float) -> None:
        while self._sessions:
            call, session = next(iter(self._sessions.items()))
            if session.used_at + self._limits.session_idle > now:
                break
            del self._sessions[call]
            self._leave_queue(session)

    def _deliver(self, session: _Session) -> Issued:
        session.delivered = session.state.issued.seq
        return session.state.issued

    def _stepped(self, call: CallId, session: _Session, now: float) -> None:
        """Write down what happened, and fetch what is to be fetched."""
        state, trace = session.state, session.trace
        tell(trace, state, now)
        rows = trace.take()
        if rows:
            self._journal.traced(trace.call, rows)
        self._leave_queue(session)
        command = state.issued.command
        if isinstance(command, Enqueue) and not state.ended:
            self._enqueue(call, session, command)
        if isinstance(command, Noop) and command.fetch is not None and not state.ended:
            look = Look(session.account, command.fetch, call=trace.call)
            self._spawn(self._fetch(call, session, state.issued.seq, look))

    def _enqueue(self, call: CallId, session: _Session, command: Enqueue) -> None:
        seq = session.state.issued.seq

        def left(outcome: str) -> None:
            if session.state.issued.seq == seq:
                now = self._now()
                session.state, _ = step(session.state, Outcome(outcome), self._wall(now))
                self._stepped(call, session, now)

        def join(now: float) -> None:
            assert queue is not None, "it was made"
            refusal = queue.join(command, now)
            if refusal is not None:
                left("failed")

        queue = None if self._queue is None else self._queue(call, session.account, left)
        if queue is not None:
            session.queue = queue
            self._do(join)

    def _leave_queue(self, session: _Session) -> None:
        queue, session.queue = session.queue, None
        if queue is not None:
            self._do(queue.leave)

    async def _fetch(self, call: CallId, session: _Session, seq: int, look: Look) -> None:
        reply: Reply = {}
        try:
            reply = await self._reply(look)
        finally:
            if session.state.issued.seq == seq:
                now = self._now()
                session.state, _ = step(session.state, outcome_of(reply), self._wall(now))
                self._stepped(call, session, now)


def _no_call(call: CallId) -> Refusal:
    fix = "start it by accountId and flowId"
    return Refusal("no_such_call", 404, f"there is no call {call} in a flow", fix)


def _heard(session: _Session, outcome: Outcome, now: float) -> None:
    if session.queue is not None and outcome.name == DECLINED:
        session.queue.decline(outcome.data.get("leaseId"), now)


def _name(program: Program, account: AccountId, flow: str) -> str:
    """The flow's name, which its id stands for as well (`/route` names flows by id)."""
    if flow in program.flows or not flow.startswith("flow_"):
        return flow
    return next((name for name in program.flows if stable_id(account, "flow", name) == flow), flow)

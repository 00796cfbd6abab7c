"""One callback that waits for its turn, and the tries that come of it.

::

    look ─▶ Acd.join ─ offered ─▶ a call of ours ─▶ seated ─▶ reached
      ▲                                 │ nobody      └ in vain: rests, or is over
      └─────────────────────────────────┘
"""

from collections.abc import Callable
from typing import Final, Protocol

from edge.acd.callback import Callback, Promised, Stage, pause
from edge.acd.lease import Lease, Why
from edge.acd.tally import Tally
from edge.acd.terms import QueueTerms
from edge.acd.ticket import Exit
from edge.call.call import Call
from edge.call.callback import CallbackTreatment
from edge.call.originate import Origination
from edge.directory import Target
from edge.error import Refusal
from edge.routing.route import Route
from edge.trace.trace import Trace
from edge.trunk.caller import Caller

CALLS_SHOWN: Final = 20
"Latest calls of one callback that it is shown with."


class Keeper(Protocol):
    """Whose turn it is one of: the table of all callbacks."""

    @property
    def origination(self) -> Origination: ...
    def terms(self, about: Callback) -> QueueTerms | None:
        """Of its queue; None: that is gone."""

    def tally(self, about: Callback) -> Tally: ...
    def keep(self, about: Callback, then: Callable[[bool, float], None] = ...) -> None:
        """What became of it holds from now on, also after a crash."""

    def ended(self, turn: "Turn") -> None:
        """The number may be promised another one."""

    def over(self, turn: "Turn") -> None:
        """Nothing of it is left but its row."""


class Turn:
    """An `edge.acd.ticket.Waits` and an `edge.call.callback.Tries`."""

    def __init__(self, keeper: Keeper, about: Callback, digits: str) -> None:
        """Args: digits: of the number, with country code as far as that is known."""
        self.about = about
        self.digits = digits
        self._keeper = keeper
        self._ground = ground = keeper.origination.ground
        self._acd = ground.acd
        self._thens: list[Promised] | None = []
        "Who waits for the promise; None: it is given."
        self._in_line = False
        self._try: CallbackTreatment | None = None
        self._call: Call | None = None
        self._seated: Lease | None = None
        waiting = keeper.origination.waiting
        self.trace = Trace(about.id, ground.wall, ground.limits.trace_events, waiting)

    def promised(self, then: Promised, now: float) -> None:
        """`then` comes once it is on disk."""
        if self._thens is None:
            then(self.about, now)
        else:
            self._thens.append(then)

    def committed(self, now: float, refusal: Refusal | None = None) -> None:
        thens, self._thens = self._thens, None
        self._note(now, "promised" if refusal is None else refusal.code, number=self.about.number)
        for then in thens or ():
            then(refusal or self.about, now)

    def loaded(self) -> None:
        """It was promised before the start."""
        self._thens = None

    def withdraw(self, now: float) -> None:
        self._finish(Stage.WITHDRAWN, "withdrawn", now)

    def look(self, now: float, wall: int, *, may: bool) -> None:
        """Whether it is time. Args: wall: [ms UTC]; may: people are called now."""
        about = self.about
        if self._thens is not None or self._seated is not None or about.over:
            return
        if wall >= about.expires_at:
            self._finish(Stage.EXPIRED, about.why, now)
            return
        ready = may and about.due_at <= wall
        if ready and not self._in_line:
            self._join(now, wall)
        elif not ready:
            self._leave(Exit.TIMEOUT, now)
            self._become(Stage.RESTING if about.due_at > wall else Stage.CLOSED, now)

    # What the queue says (`edge.acd.ticket.Waits`).

    def offered(self, lease: Lease, now: float) -> None:
        about, origination = self.about, self._keeper.origination
        terms = self._keeper.terms(about)
        account = self._ground.directory.account(about.account)
        if terms is None or account is None or origination.closed or about.over:
            # No fault of the agent's: it is nothing that he has missed.
            self._acd.decline(lease, Why.CALLER_LEFT, now)
            return
        if self._try is None:
            self._try = CallbackTreatment(about, self)
            self._become(Stage.CALLING, now)
            route = Route(account, "out", Target("queue", about.queue))
            self._call = origination.begin(
                route, self._try, caller=Caller(about.number, about.name), callee=about.number, now=now
            )
            self._call.ticket = about.id
            about.calls = (*about.calls, self._call.id)[-CALLS_SHOWN:]
            self._note(now, "call", call=self._call.id)
        self._try.offered(lease, terms, now)

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        if self._try is not None:
            self._try.withdrawn(lease, why, now)

    def expelled(self, exit: Exit, now: float) -> None:
        """Its queue is gone: perhaps it comes back."""
        self._in_line = False

    # What comes of a try (`edge.call.callback.Tries`).

    def seated(self, lease: Lease, go: Callable[[bool, float], None], now: float) -> None:
        self._seated, self._in_line = lease, False
        self.about.tries += 1
        self._note(now, "agent", agent=lease.agent, tries=self.about.tries)
        self._keeper.keep(self.about, go)

    def reached(self, now: float) -> None:
        self._finish(Stage.REACHED, "", now)

    def parted(self, now: float) -> None:
        if self._seated is not None:
            self._seated = None
            self._acd.ended(self.about.id, now, spoken=self.about.stage is Stage.REACHED)

    def over(self, why: str, now: float, *, final: bool) -> None:
        about = self.about
        tried = self._seated is not None
        self._try = self._call = None
        if tried:
            self.parted(now)
        else:
            self._leave(Exit.FAILED, now)  # the next look joins again, in the same place
        if about.over:
            self._forget_if_over()
            return
        terms = self._keeper.terms(about)
        if not tried:
            self._become(Stage.WAITING, now, why=why)
        elif terms is None or final or about.tries >= terms.callback.attempts:
            self._finish(Stage.UNREACHED, why, now)
        else:
            about.why = why
            rest = pause(terms.callback.retry, about.tries)
            about.due_at = self._ground.wall(now) + round(rest * 1000)
            self._become(Stage.RESTING, now, why=why)
            self._keeper.keep(about)

    # Inside.

    def _finish(self, stage: Stage, why: str, now: float) -> None:
        """It is over; so is a call for it, unless the customer has answered."""
        about = self.about
        about.why, about.ended_at = why, self._ground.wall(now)
        self._become(stage, now, why=why)
        tally = self._keeper.tally(about)
        match stage:
            case Stage.REACHED:
                tally.called_back += 1
            case Stage.UNREACHED:
                tally.unreached += 1
            case Stage.EXPIRED:
                tally.expired += 1
            case Stage.WITHDRAWN:
                tally.withdrawn += 1
        self._keeper.keep(about)
        self._keeper.ended(self)
        self._leave(Exit.ABANDONED, now)
        if stage is not Stage.REACHED and self._call is not None:
            self._call.finish("cancelled", f"callback_{stage.value}", now)
        self._forget_if_over()

    def _join(self, now: float, wall: int) -> None:
        about = self.about
        self._in_line = True
        refusal = self._acd.join(
            about.id,
            about.account,
            about.queue,
            self,
            now,
            priority=about.priority,
            skills=about.skills,
            people=True,
            since=now - (wall - about.since) / 1000,
            away=True,
        )
        if refusal is not None:
            self._in_line = False
        elif self._try is None and not about.over:
            self._become(Stage.WAITING, now)

    def _leave(self, exit: Exit, now: float) -> None:
        if self._in_line:
            self._in_line = False
            self._acd.leave(self.about.id, exit, now)

    def _become(self, stage: Stage, now: float, *, why: str = "") -> None:
        if self.about.stage is not stage:
            self.about.stage = stage
            self._note(now, stage.value, why=why)

    def _note(self, now: float, outcome: str, **data: str | int) -> None:
        self.trace.add(now, "call", "callback", outcome, "", queue=self.about.queue, **data)

    def _forget_if_over(self) -> None:
        if self.about.over and self._try is None:
            self._keeper.over(self)

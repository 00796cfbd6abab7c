"""Callbacks that were promised: kept, put in line when their time has come, and tried until they end.

::

    promise ─▶ on disk ─▶ Turn ─▶ Acd.join(since, away) ─ offered ─▶ a call of ours
                           ▲                                            │ in vain
                           └──────────── a look each few seconds ───────┘

A number has one callback in a queue at a time: who asks again is told of the first. Nobody can have us ring a
stranger: each number is asked of the toll-fraud guard when it is promised and when it is dialled; emergency
numbers, our own DIDs and whatever is not a public number are refused, and `per_number` bounds how often.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from edge.acd.callback import KIND, Callback, Promised, callback_of
from edge.acd.tally import Tally
from edge.acd.terms import QueueTerms
from edge.acd.ticket import no_such_queue
from edge.agenda import Alarm
from edge.call.originate import Origination
from edge.callback.turn import Turn
from edge.directory import Account, AccountId
from edge.error import Refusal
from edge.flow.command import Pledge
from edge.flow.schedule import Hours, hours_at
from edge.ident import ulid
from edge.journal import CallId, Change, Keepsake, KeepsakeChange, TraceEvent
from edge.routing.route import digits_of, route_inside
from edge.security.fraud import FraudGuard, e164

LOOK_SECONDS: Final = 5.0
"Whether it is time, is looked at this often [s]."
_DAY_MS: Final = 86_400_000

Promise = Callable[[tuple[Change, ...], Callable[[bool, float], None]], None]
"`then(committed, now)` comes once the changes are on disk, or cannot be."


class Callbacks:
    """Memory is bounded by `limits.sip.callbacks` and `callbacks_shown`."""

    def __init__(self, origination: Origination, fraud: FraudGuard, promise: Promise) -> None:
        self.origination = origination
        self._ground = origination.ground
        self._fraud = fraud
        self._promise = promise
        self._turns: dict[CallId, Turn] = {}
        self._of_number: dict[tuple[AccountId, str, str], Turn] = {}
        self._past: OrderedDict[CallId, Callback] = OrderedDict()  # oldest first
        self._alarm: Alarm | None = None

    def __len__(self) -> int:
        return len(self._turns)

    def __contains__(self, id: object) -> bool:
        """Whether the queues may hold a ticket of it."""
        return id in self._turns

    def of(self, account: AccountId) -> Iterator[Callback]:
        """Those that wait, then those that are over, oldest first."""
        yield from (turn.about for turn in self._turns.values() if turn.about.account == account)
        yield from (past for past in self._past.values() if past.account == account)

    def rows(self, id: CallId) -> tuple[TraceEvent, ...]:
        """Of the trace of one that waits, what is not in the journal yet."""
        turn = self._turns.get(id)
        return () if turn is None else turn.trace.waiting()

    def promise(self, account: AccountId, pledge: Pledge, then: Promised, now: float) -> CallId | None:
        """Promise to call somebody back; `then` comes once it is on disk, or with the reason why not.

        Returns its id if it is being written down.
        """
        of = self._ground.directory.account(account)
        terms = self._ground.directory.queue(account, pledge.queue)
        if of is None or terms is None:
            then(no_such_queue(pledge.queue), now)
            return None
        digits = e164(pledge.number, of.fraud.country)
        first = self._of_number.get((account, terms.name, digits))
        if first is not None:
            first.promised(then, now)
            return None
        wall = self._ground.wall(now)
        refusal = self._unfit(of, terms, pledge) or self._too_many(account, terms, digits, wall)
        if refusal is not None:
            then(refusal, now)
            return None
        about = Callback(
            CallId(f"cb_{ulid(wall, self._ground.random)}"),
            account,
            terms.name,
            pledge.number,
            CallId(pledge.call),
            wall,
            min(wall, pledge.since or wall),
            wall + round(terms.callback.expires * 1000),
            pledge.name,
            pledge.did,
            pledge.priority,
            dict(pledge.skills),
        )
        turn = self._add(about, digits)
        turn.promised(then, now)

        def committed(ok: bool, at: float) -> None:
            if ok:
                self.tally(about).promised += 1
                turn.committed(at)
                self._look(at)
            else:
                self._remove(turn)
                fix = "call again in a moment"
                turn.committed(at, Refusal("not_kept", 503, "the promise cannot be stored", fix))

        self._promise((self._change(about),), committed)
        return about.id

    def withdraw(self, account: AccountId, id: str, now: float) -> Callback | Refusal:
        """Nobody is called back; a call for it ends, unless the customer has answered."""
        turn = self._turns.get(CallId(id))
        if turn is None or turn.about.account != account or turn.about.over:
            fix = "see GET /callbacks for those that wait"
            return Refusal("no_such_callback", 404, f"no callback {id[:64]} waits", fix)
        turn.withdraw(now)
        return turn.about

    def load(self, kept: Sequence[Keepsake], now: float) -> None:
        """From before the start; a try that was under way then is over, and counted."""
        for keepsake in kept:
            about = callback_of(keepsake) if keepsake.kind == KIND else None
            account = None if about is None else self._ground.directory.account(about.account)
            if about is None or account is None:
                continue
            if about.over:
                self._past[about.id] = about
            else:
                self._add(about, e164(about.number, account.fraud.country)).loaded()
        if self._turns:
            self._alarm = self._ground.agenda.at(now + LOOK_SECONDS, self._look)

    # An `edge.callback.turn.Keeper`.

    def tally(self, about: Callback) -> Tally:
        return self._ground.acd.ledger.tallies.setdefault((about.account, about.queue), Tally())

    def terms(self, about: Callback) -> QueueTerms | None:
        return self._ground.directory.queue(about.account, about.queue)

    def keep(self, about: Callback, then: Callable[[bool, float], None] = lambda ok, now: None) -> None:
        self._promise((self._change(about),), then)

    def ended(self, turn: Turn) -> None:
        self._of_number.pop((turn.about.account, turn.about.queue, turn.digits), None)

    def over(self, turn: Turn) -> None:
        if self._turns.pop(turn.about.id, None) is None:
            return
        self._past[turn.about.id] = turn.about
        while len(self._past) > self._ground.limits.callbacks_shown:
            gone, _ = self._past.popitem(last=False)
            self._promise((KeepsakeChange(KIND, gone, None),), lambda ok, now: None)

    # Inside.

    def _add(self, about: Callback, digits: str) -> Turn:
        turn = Turn(self, about, digits)
        self._turns[about.id] = turn
        self._of_number[about.account, about.queue, digits] = turn
        return turn

    def _remove(self, turn: Turn) -> None:
        del self._turns[turn.about.id]
        self.ended(turn)

    def _change(self, about: Callback) -> KeepsakeChange:
        kept = about.keepsake(self._ground.limits.callback_shown)
        return KeepsakeChange(kept.kind, kept.key, kept)

    def _look(self, now: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        wall = self._ground.wall(now)
        shut = self.origination.shut()  # what is promised waits for room, or the next start
        hours: dict[tuple[AccountId, str], bool] = {}
        for turn in tuple(self._turns.values()):
            where = turn.about.account, turn.about.queue
            if where not in hours:
                hours[where] = self._open(turn.about, wall)
            turn.look(now, wall, may=hours[where] and not shut)
        if self._turns and not shut:
            self._alarm = self._ground.agenda.at(now + LOOK_SECONDS, self._look)

    def _open(self, about: Callback, wall: int) -> bool:
        """Whether people are called now. A schedule that is gone has no hours: nobody is woken up."""
        terms = self.terms(about)
        if terms is None or not terms.callback.schedule:
            return True
        program = self._ground.directory.program(about.account)
        schedule = program.schedules.get(terms.callback.schedule)
        return schedule is not None and hours_at(schedule, program.timezone, wall) is Hours.OPEN

    def _unfit(self, account: Account, terms: QueueTerms, pledge: Pledge) -> Refusal | None:
        """Why the number is none that we call."""
        directory, number = self._ground.directory, pledge.number
        bare = digits_of(number)
        digits = e164(number, account.fraud.country)
        fix = "name a public telephone number"
        if not bare:
            return Refusal("bad_number", 400, f"{number[:32]!r} is not a telephone number", fix)
        if directory.did(bare) is not None or directory.did(digits) is not None:
            return Refusal("own_number", 403, f"{number} is one of our own numbers", fix)
        route = route_inside(directory, account, number, None)
        if isinstance(route, Refusal):
            return route
        if route.callee is not None and pledge.inside:
            return None
        if route.trunk_out is None:
            return Refusal("not_public", 403, f"{number} is not a public number", fix)
        return self._fraud.destination(account, number, terms.callback.prefixes)

    def _too_many(self, account: AccountId, terms: QueueTerms, digits: str, wall: int) -> Refusal | None:
        rules, mine = terms.callback, list(self.of(account))
        if len(self._turns) >= self._ground.limits.callbacks:
            fix = "raise limits.sip.callbacks"
            return Refusal("too_many_callbacks", 503, "this node has as many callbacks as it may", fix)
        if sum(not one.over and one.queue == terms.name for one in mine) >= rules.max_waiting:
            text, fix = f"{rules.max_waiting} callbacks wait in {terms.name}", "raise callback.max_waiting"
            return Refusal("too_many_callbacks", 503, text, fix)
        country = self._country(account)
        of_number = (one for one in mine if one.promised_at > wall - _DAY_MS)
        if sum(e164(one.number, country) == digits for one in of_number) >= rules.per_number:
            text = f"this number was promised {rules.per_number} callbacks within a day"
            return Refusal("too_often", 403, text, "raise callback.per_number of the queue")
        return None

    def _country(self, account: AccountId) -> str:
        of = self._ground.directory.account(account)
        return "" if of is None else of.fraud.country

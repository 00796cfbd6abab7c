"""The switch: everything between the wire and the calls, without a socket or a clock.

::

    driver ── receive · media_events · committed · resolved · handle_timer ──▶ Switch
    driver ◀── take_effects() · next_timer_at() ────────────────────────────── Switch

Here everything is joined, and here are the doors. A message goes to the transactions (`intake.py`); what is
new there goes to the registrar, to a live session, or becomes a call (`exchange.py`). What they want of the
world are effects, drained after every door, oldest first.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from config.schema import SipLimits
from edge.acd.native import queues, registered
from edge.agenda import Agenda
from edge.arrival import Arrivals
from edge.authenticator import Authenticator
from edge.awaited import Awaited, Promise, Resolve
from edge.cac.admission import Admissions
from edge.call.call import Call
from edge.call.ground import Ground, Reach
from edge.call.originate import Origination
from edge.call.supervision import Supervisions
from edge.callback.callbacks import Callbacks
from edge.channels import Channels
from edge.directory import Directory, User
from edge.doorman import Doorman
from edge.event.message_summary import Mailbox
from edge.event.subscriptions import Subscriptions
from edge.exchange import Exchange
from edge.faults import Faults
from edge.ident import Random, call_of, tag
from edge.intake import Intake
from edge.journal import Binding, CallId, Cdr, Journal, Keepsake, TraceEvent
from edge.messages import Messages
from edge.overload.capacity import Capacity
from edge.overload.turnstile import Turnstile
from edge.question import Ask, Questions, Reply
from edge.reception import Reception
from edge.recordings import Keep, Recordings
from edge.registration.register import Registrations
from edge.registration.registrar import Registrar
from edge.requests import Requests
from edge.security.fraud import FraudGuard
from edge.security.shield import Shield
from edge.security.witness import Witness
from edge.sessions import SessionTable
from edge.sip.effect import (
    Send,
)
from edge.sip.flow import Flow, Received
from edge.sip.locate import Located
from edge.sip.nonce import Nonces
from edge.sip.session import Wire
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.trace.logbook import Logbook
from edge.trunk.keeper import Report as TrunkReport
from edge.trunk.keeper import TrunkKeeper
from media.port import Command, Event, Recorded

_UNMEASURED: Final = 1e-6
"What a call costs where nobody has measured: nobody is turned away [s]."

Effect = Send | Command | Promise | Resolve | Ask | Keep


class Switch:
    def __init__(
        self,
        *,
        directory: Directory,
        journal: Journal,
        reach: Reach,
        limits: SipLimits,
        random: Random,
        wall: Callable[[float], int],
        shield: Shield,
        fraud: FraudGuard,
        capacity: Capacity | None = None,
        waited: Callable[[], float] = lambda: 0.0,
        rtp_address: str = "0.0.0.0",
        stun: tuple[tuple[str, int], ...] = (),
        media_folder: str = "",
        timers: TimerValues | None = None,
        trunk_changed: TrunkReport = lambda trunk, what, state, fix: None,
    ) -> None:
        self._journal = journal
        self._wall = wall
        self._effects: list[Effect] = []
        self._sessions = SessionTable()
        self._faults = Faults()
        self.logbook = logbook = Logbook(journal, self._sessions, wall, limits.challenges_traced)
        self._witness = witness = Witness(shield, directory, logbook.attempts)
        self._awaited = Awaited(self._effects.append)
        values = timers or TimerValues()
        self.agenda = Agenda()
        self.layer = TransactionLayer(
            values, lambda: f"z9hG4bK{random(9).hex()}", reach.sent_by, limits.transactions
        )
        self.registrar = Registrar(limits, lambda: tag(random))
        self.admissions = Admissions()
        self.channels = Channels(self.admissions, fraud)
        bindings = self.registrar.lookup
        self.acd = queues(directory, journal, self.admissions, bindings, random, wall)
        self._questions = Questions(self._effects.append)
        self._recordings = Recordings(media_folder, self._effects.append)
        self.calls: dict[CallId, Call] = {}
        self._exchange = exchange = Exchange(
            self.layer, self._sessions, logbook, self._faults, self.calls, self._effects.append
        )
        wire = Wire(self.layer, self.agenda, values, exchange.session_event, self._sessions.expect)
        wire.alive, wire.elsewhere = reach.alive, self.registrar.recovery.of
        ground = Ground(
            wire=wire,
            agenda=self.agenda,
            directory=directory,
            reach=reach,
            limits=limits,
            random=random,
            wall=wall,
            rtp_address=rtp_address,
            stun=stun,
            media=self._effects.append,
            bindings=bindings,
            resolve=self._awaited.resolve,
            own=self._sessions.own,
            close=self._close,
            find=self._sessions.replaced,
            treat=lambda route: self._arrivals.treatment(route),
            prefer=lambda route: self.trunks.prefer(route),
            lines=lambda: self.subscriptions.lines,
            channels=self.channels,
            acd=self.acd,
            ask=self._questions.ask,
            record=self._recordings.begin,
            recorded=self._recordings.path,
            promise=lambda *asked: self.callbacks.promise(*asked),
            mailbox=lambda account, number: self.subscriptions.mailbox_of(account, number),
        )
        self.conferences = ground.conferences
        begins = Origination(ground, journal, self.calls, logbook.wait, lambda: self.shut)
        self.callbacks = Callbacks(begins, fraud, self._awaited.promise)
        self.supervisions = Supervisions(ground, journal, self.calls)
        self._requests = Requests(self.layer)
        self.trunks = TrunkKeeper(ground, self._requests, trunk_changed, shield.registered)
        nonces = Nonces(random(32), limits.nonce_life, limits.nonces_tracked)
        self.authenticator = door = Authenticator(directory, nonces, shield.lock, self.registrar.place)
        self._arrivals = Arrivals(
            ground, door, self.channels, journal, logbook.wait, self.calls, witness, self.trunks
        )
        registrations = Registrations(
            self.registrar, door, directory, self.layer, random, wall, self._awaited.promise, witness
        )
        doorman = Doorman(door, directory, self.layer, random, witness)
        self.subscriptions = Subscriptions(ground, doorman, self._requests, self._awaited.promise)
        self.messages = Messages(ground, doorman, self._requests, self._awaited.promise)
        registrations.watchers = (self.subscriptions.changed, self.messages.registered, registered(self.acd))
        self.turnstile = Turnstile(
            capacity or Capacity(_UNMEASURED),
            tag=f"{tag(random)}-shed",
            holds=self.layer.holds,
            registered=shield.knows,
            welcome=shield.admits,
            waited=waited,
            kept=limits.refusals_kept,
            waiting=limits.registrations_waiting,
        )
        self._timed = (self.layer, self.agenda, self.acd, self.registrar, self.logbook, self.turnstile)
        handlers = (self._arrivals, registrations, self.messages, self.subscriptions)
        reception = Reception(self.layer, random, witness, self.turnstile, *handlers)
        exchange.open(self._requests, reception)
        parts = (self.layer, self._sessions, witness, logbook)
        self._intake = Intake(*parts, limits, exchange.carry, self._faults)

    # Doors.

    def receive(self, batch: Sequence[Received], now: float) -> None:
        """Messages that were read together, as they came off the wire; `turnstile` has let them by."""
        self._intake.take(batch, now)
        self._settle(now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """The transport could not deliver on `flow`."""
        self._sessions.unreachable(flow, now)
        self.layer.unreachable(flow, now)
        self._settle(now)

    def closed(self, flow: Flow, now: float) -> None:
        """The connection `flow` is gone: what was under way on it fails, and phones lose their binding."""
        if changes := self.registrar.lost(flow, now):
            self._journal.promise(changes, _indifferent)
            self.subscriptions.unbound(changes, now)
        self._sessions.lost(flow, now)
        self.layer.closed(flow, now)
        self._settle(now)

    def media_events(self, events: Sequence[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Recorded):
                self._faults.spare(self._recordings.recorded, event)
            if (call := self.calls.get(call_of(event.leg))) is not None:
                self._faults.spare(call.receive_media, event, now)
        self._settle(now)

    def committed(self, outcomes: Sequence[tuple[int, bool]], now: float) -> None:
        """Answers to `Promise`s."""
        for token, ok in outcomes:
            self._faults.spare(self._awaited.committed, token, ok, now)
        self._settle(now)

    def resolved(self, token: int, located: Located, now: float) -> None:
        """Answer to a `Resolve`."""
        self._awaited.resolved(token, located, now)
        self._settle(now)

    def told(self, token: int, reply: Reply, now: float) -> None:
        """Answer to an `Ask`."""
        self._questions.told(token, reply, now)
        self._settle(now)

    def handle_timer(self, now: float) -> None:
        self.layer.handle_timer(now)
        self.agenda.handle_timer(now)
        self.acd.handle_timer(now)
        if released := self.turnstile.release(now):
            self._intake.take(released, now)
        self._settle(now)
        self.logbook.write_due(now)
        if changes := self.registrar.expire(now):
            self._journal.promise(changes, _indifferent)
            self.subscriptions.unbound(changes, now)
            self._settle(now)

    def next_timer_at(self) -> float | None:
        first = math.inf
        for part in self._timed:
            at = part.next_timer_at()
            if at is not None and at < first:
                first = at
        return None if first == math.inf else first

    def take_effects(self) -> list[Effect]:
        if not self._effects:
            return []
        effects = self._effects[:]
        self._effects.clear()
        return effects

    # What the daemon asks.

    def needs(self, flow: Flow) -> bool:
        """Whether this connection must stay although it is idle."""
        return self.registrar.holds(flow) or self._sessions.use(flow) or self.subscriptions.use(flow)

    def start(self, now: float) -> None:
        """Sockets are open: register at carriers, and probe trunks."""
        self.trunks.start(now)
        self._settle(now)

    def stop(self, now: float) -> None:
        """Take our registrations back."""
        self.trunks.stop(now)
        self._settle(now)

    def mailbox(self, user: User, mailbox: Mailbox, now: float) -> None:
        """So many voice messages wait for `user`."""
        self.subscriptions.mailbox(user, mailbox, now)
        self._settle(now)

    def drain(self) -> None:
        """Take and make no new calls; live ones go on."""
        self._arrivals.draining = True

    @property
    def sessions(self) -> int:
        """Sessions of which something is left on the wire."""
        return len(self._sessions)

    @property
    def shut(self) -> bool:  # to calls that we begin
        return self._arrivals.draining or self.turnstile.full

    def call_named(self, sip_call_id: str) -> Call | None:
        """The live call that a message with this Call-ID belongs to."""
        return self._sessions.traced(sip_call_id)

    def hang_up_all(self, cause: str, now: float) -> None:
        for call in tuple(self.calls.values()):
            call.finish("answered" if call.answered_at else "failed", cause, now)
        self._settle(now)

    def load(self, bindings: Sequence[Binding], now: float, keepsakes: Sequence[Keepsake] = ()) -> None:
        """What was kept from before the start: bindings, texts that wait, subscriptions, callbacks."""
        self.registrar.load(bindings, now, self._wall(now))
        self._witness.load(bindings, now, self._wall(now))
        self.messages.load(keepsakes, now)
        self.subscriptions.load(keepsakes, now)
        self.callbacks.load(keepsakes, now)

    def live_trace(self, call: CallId) -> tuple[TraceEvent, ...]:
        """Rows of a live call, a callback, or what is not proven yet (by Call-ID), not in the journal yet."""
        live = self.calls.get(call)
        if live is not None:
            return live.trace.waiting()
        return self.callbacks.rows(call) or self.logbook.attempts.rows(call)

    # What calls ask.

    def _close(self, call: Call, cdr: Cdr, now: float) -> None:
        del self.calls[call.id]
        up = 0 if cdr.answered_at is None else cdr.ended_at - cdr.answered_at
        self.channels.give_back(call.id, up / 1000, now)
        self._journal.closed(cdr)
        self.acd.changed(now, cdr.account)
        self._sessions.perhaps_done(*call.sessions)
        if not call.sessions:
            self.logbook.finish(call)  # else when the last of them is done

    # Inside.

    def _settle(self, now: float) -> None:
        self._exchange.carry(now)
        self._faults.tell()


def _indifferent(ok: bool) -> None:
    """An expired binding that stays on disk is skipped at the next start."""

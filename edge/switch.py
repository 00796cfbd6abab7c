"""The switch: everything between the wire and the calls, without a socket or a clock.

::

    driver ── receive · media_events · committed · resolved · handle_timer ──▶ Switch
    driver ◀── take_effects() · next_timer_at() ────────────────────────────── Switch

A message goes to the transactions; what is new there goes to the registrar, to a live session, or
becomes a call. What they want of the world are effects, drained after every door, oldest first.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, assert_never

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
from edge.callbacks import Callbacks
from edge.channels import Channels
from edge.directory import Directory, User
from edge.doorman import Doorman
from edge.event.message_summary import Mailbox
from edge.faults import Faults
from edge.ident import Random, call_of, tag
from edge.intake import Intake
from edge.journal import Binding, CallId, Cdr, Journal, Keepsake, TraceEvent
from edge.logbook import Logbook
from edge.messages import Messages
from edge.overload.capacity import Capacity
from edge.overload.turnstile import Turnstile
from edge.question import Ask, Questions, Reply
from edge.reception import Reception
from edge.recordings import Keep, Recordings
from edge.registrar import Registrar
from edge.registration import Registrations
from edge.requests import Requests
from edge.security.fraud import FraudGuard
from edge.security.shield import Shield
from edge.security.witness import Witness
from edge.sessions import SessionTable
from edge.sip import effect as said
from edge.sip.effect import (
    Answer,
    Cancelled,
    EndReason,
    Failed,
    Incoming,
    Send,
    ServerKey,
    Unacknowledged,
)
from edge.sip.flow import Flow, Received
from edge.sip.locate import Located
from edge.sip.message import Request
from edge.sip.nonce import Nonces
from edge.sip.session import Session, SessionEvent, Wire
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.subscriptions import Subscriptions
from edge.trunk.keeper import Report as TrunkReport
from edge.trunk.keeper import TrunkKeeper
from edge.unservable import not_understood
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
        self._events: list[tuple[Session, SessionEvent]] = []
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
        self._timed = (self.layer, self.agenda, self.acd, self.registrar, self.logbook)
        self._questions = Questions(self._effects.append)
        self._recordings = Recordings(media_folder, self._effects.append)
        self.calls: dict[CallId, Call] = {}
        wire = Wire(self.layer, self.agenda, values, self._session_event, self._sessions.expect)
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
            callbacks=lambda: self.callbacks,
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
        )
        handlers = (self._arrivals, registrations, self.messages, self.subscriptions)
        self._reception = Reception(self.layer, random, witness, self.turnstile, *handlers)
        parts = (self.layer, self._sessions, witness, logbook)
        self._intake = Intake(*parts, limits, self._carry, self._faults)

    # Doors.

    def receive(self, batch: Sequence[Received], now: float) -> None:
        """Messages that were read together, as they came off the wire; `turnstile` has let them by."""
        self._intake.take(batch, now)
        self._settle(now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """The transport could not deliver on `flow`."""
        self.layer.unreachable(flow, now)
        self._settle(now)

    def closed(self, flow: Flow, now: float) -> None:
        """The connection `flow` is gone: what was under way on it fails, and phones lose their binding."""
        if changes := self.registrar.lost(flow, now):
            self._journal.promise(changes, _indifferent)
            self.subscriptions.unbound(changes, now)
        self.unreachable(flow, now)

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

    # What sessions and calls ask.

    def _session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        self._events.append((session, event))

    def _close(self, call: Call, cdr: Cdr, now: float) -> None:
        del self.calls[call.id]
        up = 0 if cdr.answered_at is None else cdr.ended_at - cdr.answered_at
        self.channels.give_back(call.id, up / 1000, now)
        self._journal.closed(cdr)
        self.acd.changed(now)
        self._sessions.perhaps_done(*call.sessions)
        if not call.sessions:
            self.logbook.finish(call)  # else when the last of them is done

    # Inside.

    def _settle(self, now: float) -> None:
        self._carry(now)
        self._faults.tell()

    def _carry(self, now: float) -> None:
        """What the transactions and sessions said goes to where it belongs, until nobody says more."""
        self._tell(now)
        while effects := self.layer.take_effects():
            for effect in effects:
                self._faults.spare(self._hear, effect, now)
                self._tell(now)
        for call in self._sessions.retire():
            if call.id not in self.calls:
                self.logbook.finish(call)

    def _tell(self, now: float) -> None:
        """What sessions said goes to their calls, before another message changes the session again."""
        while self._events:
            events, self._events = self._events, []
            for session, event in events:
                if (call := self._sessions.call_of(session)) is not None:
                    self._faults.spare(call.receive_session, session, event, now)

    def _hear(self, effect: said.Effect, now: float) -> None:
        match effect:
            case Send():
                self.logbook.sent(effect, now)
                self._effects.append(effect)
            case Incoming(request, flow, key):
                self._incoming(request, flow, key, now)
            case Answer(client, response):
                if not self._requests.answered(client, response, now):
                    self._sessions.answered(client, response, now)
            case Failed(client, reason):
                if not self._requests.failed(client, now):
                    self._sessions.failed(client, reason is EndReason.TIMEOUT, now)
            case Cancelled(key, request):
                self._sessions.cancelled(key, request.headers.get("Reason") or "", now)
            case Unacknowledged():
                pass  # the caller never confirmed our refusal: nothing hangs on it
            case _:
                assert_never(effect)

    def _incoming(self, request: Request, flow: Flow, key: ServerKey | None, now: float) -> None:
        session = self._sessions.inside(request, key)
        key = None if request.method == "ACK" else key  # nobody answers it
        if session is not None:
            self._inside(session, request, flow, key, now)
        elif key is not None:  # else an ACK that belongs to nothing
            self._reception.receive(request, key, flow, now)

    def _inside(
        self, session: Session, request: Request, flow: Flow, key: ServerKey | None, now: float
    ) -> None:
        if not session.turns_to(request.from_.tag):
            if key is not None:
                self._reception.unknown(request, key, now)
            return
        refusal = not_understood(request)
        if refusal is not None and key is not None:
            self._reception.respond(key, request, refusal[0], now, refusal[1])
            return
        session.flow = flow  # a phone that changed its network or connection is reached where it is now
        call = self._sessions.call_of(session)
        if request.method == "MESSAGE" and key is not None and call is not None and session.confirmed:
            self.messages.inside(request, key, session, call, now)
        else:
            session.receive(request, key, now)
        self._sessions.perhaps_done(session)


def _indifferent(ok: bool) -> None:
    """An expired binding that stays on disk is skipped at the next start."""

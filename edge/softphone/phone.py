"""A softphone on our own stack: one outgoing call, told as a timeline (`tandem call`).

::

    driver ── start · receive · media_event · hang_up · handle_timer ──▶ Phone
    driver ◀── take_effects(): Send, Command, Moment ─────────────────── Phone

It does in the call what its `Plan` says (`script.py`). The call is over when `outcome` is set and nothing is
left on the wire (`done`).
"""

import re
from collections.abc import Sequence
from typing import Final, assert_never

from config.schema import SipLimits
from config.value import dataclass
from edge.agenda import Agenda
from edge.call.leg import Leg
from edge.error import Refusal
from edge.ident import Random, tag
from edge.sip.address import Address
from edge.sip.build import request, response_to
from edge.sip.calling import CallingSession
from edge.sip.capability import AGENT, ALLOW, SDP
from edge.sip.effect import Answer, ClientKey, EndReason, Failed, Incoming, Send
from edge.sip.flow import Flow, Received, Transport
from edge.sip.keyring import Keyring
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.sip.session import Session, Wire
from edge.sip.session_event import (
    Acked,
    Answered,
    Ended,
    Info,
    Progress,
    Reanswered,
    Referred,
    Refused,
    Reoffer,
    SessionEvent,
)
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.sip.uri import Uri
from edge.softphone.script import Moment, Plan, Script
from media import port

_LEG: Final = port.LegId("call_phone/1")


@dataclass(frozen=True, slots=True)
class Outcome:
    good: bool
    "It was answered and ended in good order."
    status: int
    "Final SIP status of the INVITE; 0 if there was none."
    detail: str


Effect = Send | port.Command | Moment


class Phone:
    def __init__(
        self,
        target: Uri,
        flow: Flow,
        plan: Plan,
        *,
        user: str,
        password: str,
        sent_by: str,
        address: str,
        random: Random,
        timers: TimerValues | None = None,
    ) -> None:
        """Args:
        sent_by: our `host:port` for Via and Contact.
        address: our numeric address for RTP.
        """
        self.outcome: Outcome | None = None
        self.stats: port.LegStats | None = None
        self._target, self._flow, self._plan = target, flow, plan
        self._user, self._random = user, random
        self._keyring = Keyring(user, password, random) if user else None
        values = timers or TimerValues()
        self._agenda = Agenda()
        self._layer = TransactionLayer(
            values, lambda: f"z9hG4bK{random(9).hex()}", lambda _: sent_by, SipLimits().transactions
        )
        self._events: list[SessionEvent] = []
        self._effects: list[Effect] = []
        self._answers: dict[ClientKey, Session] = {}
        self._wire = Wire(self._layer, self._agenda, values, self._session_event, self._expect)
        secret = flow.transport in (Transport.TLS, Transport.WSS)
        session_id = int.from_bytes(random(4), "big")
        self._leg = Leg(_LEG, address, session_id, SipLimits(), random, private=secret)
        self._address = address
        host, _, number = sent_by.rpartition(":")
        kind = Transport.WS if flow.transport is Transport.WSS else flow.transport
        params = () if kind is Transport.UDP else (("transport", kind.value.lower()),)
        self._contact = Address("", Uri("sip", user or None, host, int(number), params))
        self._session: CallingSession | None = None
        self._started_at = 0.0
        self._released = False
        self._script = Script(_LEG, plan, self._agenda, self._do, self._say)

    # Doors.

    def start(self, now: float) -> None:
        self._started_at = now
        self._effects.append(port.Allocate(_LEG, self._address, vad=True))

    def hang_up(self, now: float) -> None:
        if self._session is None:
            self._finish(Outcome(False, 0, "given up"), now)
        elif self._session.dialog is None:
            self._session.cancel(now)
            self._finish(Outcome(False, 487, "cancelled"), now)
        else:
            self._session.bye(now)
            self._finish(Outcome(True, 200, "hung up here"), now)
        self._settle(now)

    def receive(self, batch: Sequence[Received], now: float) -> None:
        for data, flow in batch:
            message = parse_message(data)
            if isinstance(message, Request):
                self._layer.receive_request(message, flow, now)
            elif not isinstance(message, ParseError):
                self._layer.receive_response(message, flow, now)
            self._settle(now)

    def unreachable(self, flow: Flow, now: float) -> None:
        self._layer.unreachable(flow, now)
        self._settle(now)

    def media_event(self, event: port.Event, now: float) -> None:
        match event:
            case port.Allocated(_, number):
                self._leg.take(number)
                self._call(now)
            case port.Refused(_, reason) | port.Lost(_, reason):
                self._released = True
                self._finish(Outcome(False, 0, f"no RTP port: {reason}"), now)
            case port.Released(_, stats):
                self.stats = stats
                self._released = True
            case _:
                self._script.receive(event, now)
        self._settle(now)

    def handle_timer(self, now: float) -> None:
        self._layer.handle_timer(now)
        self._agenda.handle_timer(now)
        self._settle(now)

    def next_timer_at(self) -> float | None:
        times = (self._layer.next_timer_at(), self._agenda.next_timer_at())
        return min((at for at in times if at is not None), default=None)

    def take_effects(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects

    @property
    def done(self) -> bool:
        """Over, and nothing of it is left on the wire."""
        quiet = self._session is None or self._session.done
        return self.outcome is not None and self._released and quiet

    # The call.

    def _call(self, now: float) -> None:
        uri = self._target
        message = request(
            "INVITE",
            uri,
            from_=Address("", Uri("sip", self._user or "anonymous", uri.host), (("tag", tag(self._random)),)),
            to=Address("", uri, ()),
            call_id=f"{self._random(12).hex()}@tandem",
            cseq=1,
            contact=self._contact,
            headers=(("Allow", ALLOW), ("User-Agent", AGENT)),
            body=self._leg.offer(),
            content_type=SDP,
        )
        self._session = CallingSession(
            self._wire, message, self._flow, contact=self._contact, keyring=self._keyring
        )
        self._session.start(now)
        self._say(now, "trying", str(uri))
        self._agenda.at(now + self._plan.ring_seconds, self._give_up)

    def _receive_session(self, event: SessionEvent, now: float) -> None:
        match event:
            case Progress(status, body):
                self._say(now, "ringing" if status == 180 else "progress", str(status))
                if body and self._leg.negotiated is None and self._leg.accept(body) is None:
                    self._effects.append(self._leg.connect())
            case Answered(body):
                self._answered(body, now)
            case Refused(status, reason, response):
                self._say(now, "failed", f"{status} {reason}{_warning(response)}")
                self._finish(Outcome(False, status, reason), now)
            case Reoffer(body):
                self._reoffered(body, now)
            case Ended(by, cause, reason):
                self._say(now, "hang-up", f"by {by.value}" + (f": {reason}" if reason else ""))
                self._finish(Outcome(cause == "bye" and _in_good_order(reason), 200, reason or cause), now)
            case Acked(body):
                if self._leg.awaits_answer and self._leg.accept(body) is None:
                    self._effects.append(self._leg.connect())
            case Reanswered(body):
                if self._leg.accept(body) is None:
                    self._effects.append(self._leg.connect())
            case Referred():
                if self._session is not None:
                    self._session.referral.refuse(603, now)
            case Info():
                pass
            case _:
                assert_never(event)

    def _answered(self, body: bytes, now: float) -> None:
        assert self._session is not None, "an answer comes to a session"
        refusal = self._leg.accept(body) if self._leg.negotiated is None else None
        if refusal is not None:
            self._session.bye(now)
            self._say(now, "failed", refusal.text)
            self._finish(Outcome(False, 488, refusal.text), now)
            return
        self._say(now, "answered")
        self._effects.append(self._leg.connect())
        self._script.begin(now)
        self._agenda.at(now + self._plan.seconds, self._time_is_up)

    def _reoffered(self, body: bytes, now: float) -> None:
        assert self._session is not None, "a re-INVITE comes in a session"
        if not body:
            self._session.agree(self._leg.offer(), now)
            return
        made = self._leg.answer(body)
        if isinstance(made, Refusal):
            self._session.disagree(made.status, made.headers(), now)
        else:
            self._session.agree(made, now)
            self._effects.append(self._leg.connect())

    def _give_up(self, now: float) -> None:
        if self.outcome is None and self._session is not None and self._session.dialog is None:
            self._session.cancel(now)
            self._say(now, "failed", "nobody answered")
            self._finish(Outcome(False, 408, "nobody answered"), now)

    def _time_is_up(self, now: float) -> None:
        if self.outcome is None:
            self._say(now, "hang-up", "by us")
            self.hang_up(now)

    def _finish(self, outcome: Outcome, now: float) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._script.end()
            self._effects.append(port.Release(_LEG))

    # Inside.

    def _do(self, command: port.Command) -> None:
        self._effects.append(command)

    def _say(self, now: float, what: str, detail: str = "") -> None:
        self._effects.append(Moment(now - self._started_at, what, detail))

    def _session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        self._events.append(event)

    def _expect(self, key: ClientKey, session: Session) -> None:
        self._answers[key] = session

    def _settle(self, now: float) -> None:
        while (effects := self._layer.take_effects()) or self._events:
            for effect in effects:
                match effect:
                    case Send():
                        self._effects.append(effect)
                    case Incoming(message, _, key):
                        session = self._session
                        inside = session is not None and session.dialog is not None
                        if session is not None and inside and message.call_id == session.call_id:
                            session.receive(message, key, now)
                        elif key is not None:
                            self._layer.respond(key, response_to(message, 481), now)
                    case Answer(client, response) if client in self._answers:
                        self._answers[client].receive_answer(response, client, now)
                    case Failed(client, reason) if client in self._answers:
                        self._answers[client].failed(client, reason is EndReason.TIMEOUT, now)
                    case _:
                        pass
            events, self._events = self._events, []
            for event in events:
                self._receive_session(event, now)


def _warning(response: Response | None) -> str:
    """What a refusal says beside its status (RFC 3261 §20.43), after a colon; empty where it says no more."""
    found = None if response is None else re.search(r'"(.*)"', response.headers.get("Warning") or "")
    return f": {found[1]}" if found else ""


def _in_good_order(reason: str) -> bool:
    """Whether a BYE's Reason (RFC 3326), if there is one, tells of no fault."""
    found = re.search(r"cause=([0-9]{1,3})", reason)
    return found is None or found[1] in ("16", "200")

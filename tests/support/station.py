"""A phone on our own stack: many calls, sans-I/O; what it does in them is up to its owner."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge.agenda import Agenda
from edge.sdp.body import sdp_in
from edge.sip.address import Address
from edge.sip.answering import AnsweringSession
from edge.sip.build import request, response_to
from edge.sip.calling import CallingSession
from edge.sip.capability import ALLOW
from edge.sip.effect import Answer, Cancelled, ClientKey, EndReason, Failed, Incoming, Send, ServerKey
from edge.sip.flow import Flow, Transport
from edge.sip.keyring import Keyring
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.sip.session import Session, State, Wire
from edge.sip.session_event import Answered, Ended, Progress, Referred, Refused, Reoffer, SessionEvent
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.sip.uri import Uri

SERVER = ("127.0.0.1", 5060)
_UPDATE = b" UPDATE,"
"In an Allow."
SDP = (
    "v=0\r\no=- 1 {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
)


@dataclass
class Talk:
    """One call of a station, as it has seen it."""

    session: Session
    statuses: list[int] = field(default_factory=list)
    "Provisional and final ones, of a call that we made."
    ended: str = ""
    early: bytes = b""
    notified: list[str] = field(default_factory=list)
    "First lines of the sipfrags that came."


class _Layer(TransactionLayer):
    """Puts the answer to an offer that came late where it belongs: our sessions always offer themselves."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answers: dict[str, bytes] = {}
        "By Call-ID: what an ACK says, or the PRACK of a 1xx that held the offer."
        self.in_prack: set[str] = set()

    def send_ack(self, request: Request, flow: Flow, now: float) -> None:
        if request.call_id not in self.in_prack:
            self._answer(request)
        super().send_ack(request, flow, now)

    def request(self, request: Request, flow: Flow, now: float) -> ClientKey:
        if request.method == "PRACK" and request.call_id in self.in_prack:
            self._answer(request)
        return super().request(request, flow, now)

    def offered(self, response: Response) -> None:
        """A reliable 1xx with the offer has come."""
        if response.call_id in self.answers and response.body and "RSeq" in response.headers:
            self.in_prack.add(response.call_id)

    def _answer(self, request: Request) -> None:
        body = self.answers.get(request.call_id)
        if body and not request.body and "Via" not in request.headers:
            request.body = body
            request.headers.set("Content-Type", "application/sdp")


class Station:
    """Args: send: puts bytes on the way to the server. `answering` decides on calls that come."""

    def __init__(
        self,
        number: str,
        host: str,
        send: Callable[[bytes], None],
        *,
        answering: Callable[["Station", AnsweringSession, float], None] | None = None,
        session_expires: int = 1_800,
        password: str = "secret",
    ) -> None:
        self.number, self.host, self.password = number, host, password
        self.source = (host, 5060)
        self.contact = Address.parse(f"<sip:{number}@{host}:5060>")
        self.dead = False
        "It has lost its power: nothing goes out, nothing comes in."
        self.updates = True
        "False: it knows no UPDATE, and hears of nobody who does."
        self.talks: list[Talk] = []
        self.registered = 0
        self.refused: list[int] = []
        "Final statuses of requests that failed, outside of INVITEs; 0 for no answer."
        self.got: list[Request] = []
        "Requests that came, retransmissions aside."
        self._send = send
        self._answering = answering or (lambda station, session, now: session.accept(self.sdp(), now))
        self._flow = Flow(Transport.UDP, SERVER)
        names = itertools.count(1)
        self._name = lambda: f"{host.rpartition('.')[2]}x{next(names)}"
        values = TimerValues()
        self.layer = _Layer(values, lambda: f"z9hG4bK{self._name()}", lambda _: f"{host}:5060", 10_000)
        self.agenda = Agenda()
        self._events: list[tuple[Session, SessionEvent]] = []
        self._sessions: dict[tuple[str, str], Session] = {}
        self._invited: dict[ServerKey, AnsweringSession] = {}
        self._keys: dict[ClientKey, Session] = {}
        self._then: dict[ClientKey, Callable[[Response | None, float], None]] = {}
        self._wire = Wire(
            self.layer,
            self.agenda,
            values,
            lambda session, event, now: self._events.append((session, event)),
            lambda key, session: self._keys.__setitem__(key, session),
            session_expires=session_expires,
        )

    # What it does.

    def sdp(self, direction: str = "sendrecv", version: int = 1) -> bytes:
        return SDP.format(host=self.host, direction=direction, version=version).encode()

    def register(self, now: float, expires: int = 600) -> None:
        aor = Address.parse(f"<sip:{self.number}@demo.local>")
        self.ask("REGISTER", "sip:demo.local", now, to=aor, headers=(("Expires", str(expires)),))

    def subscribe(self, package: str, number: str, now: float, expires: int = 600) -> None:
        headers = (("Event", package), ("Expires", str(expires)))
        self.ask("SUBSCRIBE", f"sip:{number}@demo.local", now, headers=headers)

    def ask(
        self,
        method: str,
        target: str,
        now: float,
        *,
        to: Address | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """A request outside of calls, with digest when asked for."""
        message = request(
            method,
            Uri.parse(target),
            from_=Address.parse(f"<sip:{self.number}@demo.local>").with_tag(self._name()),
            to=to or Address.parse(f"<{target}>"),
            call_id=self._name(),
            cseq=1,
            contact=self.contact,
            headers=headers,
            body=body,
            content_type=content_type,
        )

        def answered(response: Response | None, at: float) -> None:
            keyring = self._keyring()
            if response is not None and keyring.learn(message, response):
                again = Request(method, message.uri, message.headers.copy(), body)
                again.headers.set("CSeq", f"2 {method}")
                keyring.prove(again)
                self._then[self.layer.request(again, self._flow, at)] = done
            else:
                done(response, at)

        def done(response: Response | None, at: float) -> None:
            if response is None or response.status >= 300:
                self.refused.append(0 if response is None else response.status)
            elif method == "REGISTER":
                self.registered += 1

        self._then[self.layer.request(message, self._flow, now)] = answered
        self.settle(now)

    def dial(
        self,
        number: str,
        now: float,
        *,
        offer: bool = True,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Talk:
        uri = f"sip:{number}@demo.local"
        invite = request(
            "INVITE",
            Uri.parse(uri),
            from_=Address.parse(f"<sip:{self.number}@demo.local>").with_tag(self._name()),
            to=Address.parse(f"<{uri}>"),
            call_id=self._name(),
            cseq=1,
            contact=self.contact,
            headers=(("Allow", ALLOW),),
            body=self.sdp() if offer else b"",
            content_type="application/sdp" if offer else "",
        )
        session = CallingSession(
            self._wire, invite, self._flow, contact=self.contact, keyring=self._keyring()
        )
        talk = Talk(session)
        for name, value in headers:
            session.invite.headers.set(name, value)
        if not offer:
            self.layer.answers[session.call_id] = self.sdp()
        self.talks.append(talk)
        session.start(now)
        self.settle(now)
        return talk

    def inside(
        self,
        talk: Talk,
        method: str,
        now: float,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> None:
        """A request inside the dialog of a call that is up, else nothing."""
        session = talk.session
        if session.state is not State.CONFIRMED or session.dialog is None:
            return
        message = session.dialog.request(
            method, headers=headers, body=body, content_type="application/sdp" if body else ""
        )

        def told(response: Response | None, at: float) -> None:
            if response is None and method == "INVITE":
                session.lost(at)  # §12.2.1.2: a 408 to a re-INVITE ends the dialog

        session.inquiries.ask(message, session.dialog, now, told)
        self.settle(now)

    def hang_up(self, talk: Talk, now: float) -> None:
        """CANCEL, BYE or a refusal, whatever fits."""
        session = talk.session
        if session.state is State.INVITING and isinstance(session, CallingSession):
            session.cancel(now)
        elif session.state is State.INVITING and isinstance(session, AnsweringSession):
            session.reject(603, now)
        else:
            session.bye(now)
        self.settle(now)

    @property
    def quiet(self) -> bool:
        """Nothing is left of any call or transaction."""
        up = [talk for talk in self.talks if talk.session.state is not State.ENDED]
        return not up and len(self.layer) == 0 and len(self.agenda) == 0

    # The clock and the wire.

    def receive(self, data: bytes, now: float) -> None:
        if self.dead:
            return
        message = parse_message(data if self.updates else data.replace(_UPDATE, b""))
        assert not isinstance(message, ParseError), (message, data)
        if isinstance(message, Request):
            self.layer.receive_request(message, self._flow, now)
        else:
            self.layer.receive_response(message, self._flow, now)
        self.settle(now)

    def next_timer_at(self) -> float | None:
        times = (self.layer.next_timer_at(), self.agenda.next_timer_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        self.layer.handle_timer(now)
        self.agenda.handle_timer(now)
        self.settle(now)

    # Inside.

    def settle(self, now: float) -> None:
        while (effects := self.layer.take_effects()) or self._events:
            for effect in effects:
                match effect:
                    case Send(data, _, _):
                        if not self.dead:
                            self._send(data if self.updates else data.replace(_UPDATE, b""))
                    case Incoming(message, flow, key):
                        self.got.append(message)
                        self._incoming(message, flow, key, now)
                    case Answer(key, response):
                        self._answered(key, response, now)
                    case Failed(key, reason):
                        self._failed(key, reason, now)
                    case Cancelled(key, cancel) if key in self._invited:
                        self._invited[key].cancelled(now, cancel.headers.get("Reason") or "")
                    case _:
                        pass
            events, self._events = self._events, []
            for session, event in events:
                talk = next(talk for talk in self.talks if talk.session is session)
                self._told(talk, event, now)

    def _incoming(self, message: Request, flow: Flow, key: ServerKey | None, now: float) -> None:
        session = self._sessions.get((message.call_id, message.to.tag))
        if session is not None and message.method == "NOTIFY" and key is not None:
            for talk in self.talks:
                if talk.session is session:
                    talk.notified.append(message.body.decode().strip())
            self.layer.respond(key, response_to(message, 200, to_tag="x"), now)
        elif session is not None and session.dialog is not None:
            session.receive(message, key, now)
        elif key is None:
            pass
        elif message.method == "INVITE" and not message.to.tag:
            tag = self._name()
            made = AnsweringSession(self._wire, message, key, flow, tag=tag, contact=self.contact)
            self._sessions[message.call_id, tag] = made
            self._invited[key] = made
            self.talks.append(Talk(made))
            self._answering(self, made, now)
        else:
            status = 200 if message.method in ("NOTIFY", "MESSAGE", "OPTIONS") else 481
            self.layer.respond(key, response_to(message, status, to_tag="x"), now)

    def _answered(self, key: ClientKey, response: Response, now: float) -> None:
        if key in self._then:
            if response.status >= 200:
                self._then.pop(key)(response, now)
        elif (of := self._keys.get(key)) is not None:
            self.layer.offered(response)
            of.receive_answer(response, key, now)
            if of.dialog is not None:
                self._sessions[of.call_id, of.dialog.local_tag] = of

    def _failed(self, key: ClientKey, reason: EndReason, now: float) -> None:
        if key in self._then:
            self._then.pop(key)(None, now)
        elif (session := self._keys.get(key)) is not None:
            session.failed(key, reason is EndReason.TIMEOUT, now)

    def _told(self, talk: Talk, event: SessionEvent, now: float) -> None:
        match event:
            case Progress(status, body):
                talk.statuses.append(status)
                talk.early = body or talk.early
            case Answered():
                talk.statuses.append(200)
            case Refused(status, _, _):
                talk.statuses.append(status)
                talk.ended = "refused"
            case Reoffer(body):
                talk.session.agree(self.sdp(), now)
            case Referred():
                talk.session.referral.refuse(603, now)
            case Ended(_, cause, _):
                talk.ended = cause
            case _:
                pass

    def _keyring(self) -> Keyring:
        return Keyring(self.number, self.password, bytes)


def described(talk: Talk) -> bytes:
    """The offer that came with a call."""
    assert isinstance(talk.session, AnsweringSession)
    return sdp_in(talk.session.invite) or b""

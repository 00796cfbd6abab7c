"""One session with its transactions on a hand clock, and its peer as text."""

import itertools

from edge.agenda import Agenda
from edge.sip.address import Address
from edge.sip.answering import AnsweringSession
from edge.sip.build import request, response_to
from edge.sip.calling import CallingSession
from edge.sip.effect import Answer, Cancelled, ClientKey, EndReason, Failed, Incoming, Send
from edge.sip.flow import Flow, Transport
from edge.sip.keyring import Keyring
from edge.sip.large import Large
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.sip.session import Session, Wire
from edge.sip.session_event import SessionEvent
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.sip.uri import Uri

FLOW = Flow(Transport.UDP, ("192.0.2.7", 5060))
US = Address.parse("<sip:us@192.0.2.1:5060>")
PEER = Address.parse("<sip:peer@192.0.2.7:5060>")


class Talk:
    """The session under test is `session`; what it emitted is `events`, what it sent `sent`."""

    def __init__(self) -> None:
        self.now = 0.0
        branches = itertools.count()
        values = TimerValues()
        self.layer = TransactionLayer(
            values, lambda: f"z9hG4bKus{next(branches)}", lambda _: "192.0.2.1:5060", 1_000
        )
        self.agenda = Agenda()
        self.events: list[SessionEvent] = []
        self.sent: list[Request | Response] = []
        self._keys: dict[ClientKey, Session] = {}
        self.wire = Wire(
            self.layer,
            self.agenda,
            values,
            lambda session, event, now: self.events.append(event),
            lambda key, session: self._keys.__setitem__(key, session),
        )
        self.session: Session
        self._branch = itertools.count()

    def called(self, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> AnsweringSession:
        """An INVITE has come."""
        self.invite = self.make("INVITE", 1, to=US, headers=headers, body=body)
        self.receive(self.invite)
        assert isinstance(self.session, AnsweringSession)
        return self.session

    def calling(self, keyring: Keyring | None = None, large: Large | None = None) -> CallingSession:
        """Our INVITE has left."""
        invite = request(
            "INVITE",
            Uri.parse("sip:peer@192.0.2.7"),
            from_=US.with_tag("ours"),
            to=PEER,
            call_id="talk",
            cseq=1,
            contact=US,
            body=b"v=0\r\n",
            content_type="application/sdp",
        )
        session = CallingSession(self.wire, invite, FLOW, contact=US, keyring=keyring, large=large)
        self.session = session
        session.start(self.now)
        self.settle()
        return session

    def make(
        self,
        method: str,
        cseq: int,
        *,
        to: Address | None = None,
        branch: str = "",
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Request:
        """A request of the peer, in the dialog unless `to` says otherwise."""
        if to is None:
            assert self.session.dialog is not None
            to, from_ = self.session.dialog.local, self.session.dialog.remote
        else:
            from_ = PEER.with_tag("theirs")
        made = request(
            method,
            Uri.parse("sip:us@192.0.2.1"),
            from_=from_,
            to=to,
            call_id="talk",
            cseq=cseq,
            contact=PEER,
            headers=headers,
            body=body,
            content_type="application/sdp" if body else "",
        )
        branch = branch or f"z9hG4bKthem{next(self._branch)}"
        made.headers.prepend("Via", f"SIP/2.0/UDP 192.0.2.7:5060;branch={branch}")
        return made

    def receive(self, message: Request | Response) -> None:
        parsed = parse_message(message.wire())
        assert not isinstance(parsed, ParseError), parsed
        if isinstance(parsed, Request):
            self.layer.receive_request(parsed, FLOW, self.now)
        else:
            self.layer.receive_response(parsed, FLOW, self.now)
        self.settle()

    def answer(
        self,
        ours: Request,
        status: int,
        *,
        tag: str = "theirs",
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """The peer answers a request of ours."""
        given = (("Contact", str(PEER)), *headers)
        self.receive(
            response_to(
                ours,
                status,
                to_tag=tag,
                headers=given,
                body=body,
                content_type="application/sdp" if body else "",
            )
        )

    def settle(self) -> None:
        while effects := self.layer.take_effects():
            for effect in effects:
                match effect:
                    case Send(data, _, _):
                        message = parse_message(data)
                        assert not isinstance(message, ParseError)
                        self.sent.append(message)
                    case Incoming(message, flow, key) if message.method == "INVITE" and not message.to.tag:
                        assert key is not None
                        self.session = AnsweringSession(self.wire, message, key, flow, tag="ours", contact=US)
                    case Incoming(message, _, key):
                        self.session.receive(message, key, self.now)
                    case Answer(key, response):
                        self._keys[key].receive_answer(response, key, self.now)
                    case Failed(key, reason):
                        self._keys[key].failed(key, reason is EndReason.TIMEOUT, self.now)
                    case Cancelled(_, cancel):
                        assert isinstance(self.session, AnsweringSession)
                        self.session.cancelled(self.now, cancel.headers.get("Reason") or "")

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            times = (self.layer.next_timer_at(), self.agenda.next_timer_at())
            at = min((t for t in times if t is not None), default=until + 1)
            if at > until:
                break
            self.now = max(self.now, at)
            self.layer.handle_timer(self.now)
            self.settle()
            self.agenda.handle_timer(self.now)
            self.settle()
        self.now = until

    def take(self) -> list[Request | Response]:
        sent, self.sent = self.sent, []
        return sent

    def took(self, *what: int | str) -> list[Request | Response]:
        """What was sent since the last look, which must be these methods and statuses."""
        sent = self.take()
        assert [m.method if isinstance(m, Request) else m.status for m in sent] == list(what)
        return sent

    def took_events(self) -> list[SessionEvent]:
        events, self.events = self.events, []
        return events

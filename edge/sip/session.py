"""An INVITE session from the user's side: what both roles share (RFC 3261 §13–§15).

::

    Incoming / Answer / Failed ──▶ AnsweringSession (UAS) or CallingSession (UAC)
    owner's verbs ─────────────▶      │ uses TransactionLayer and Agenda, both pure
    owner ◀── SessionEvent ───────────┘ through `emit`, never from inside a verb's caller

The owner is a leg of a call: it never sees a transaction. Every race of the wire is settled here.
"""

import enum
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from config.value import dataclass
from edge.agenda import Agenda
from edge.sdp.body import sdp_in
from edge.sip.address import Address
from edge.sip.build import response_to
from edge.sip.capability import AGENT, ALLOW, SDP, SUPPORTED, UNREADABLE, InfoTerms, aside, info_terms
from edge.sip.dialog import Dialog
from edge.sip.effect import ClientKey, ServerKey
from edge.sip.flow import Flow
from edge.sip.hop import next_flow
from edge.sip.inquiry import Inquiries
from edge.sip.large import Large
from edge.sip.message import Request, Response
from edge.sip.refer import Referral
from edge.sip.refresh import Refresh
from edge.sip.session_event import Acked, By, Ended, Info, Reanswered, Referred, Reoffer, SessionEvent
from edge.sip.success import Success
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from edge.sip.uri import Uri

Headers: TypeAlias = tuple[tuple[str, str], ...]


class State(enum.Enum):
    INVITING = "INVITE on its way, no final response"
    ANSWERED = "2xx sent, no ACK yet"
    CONFIRMED = "both sides agree"
    ENDED = "over for the owner; a BYE may still be on its way"


@dataclass(slots=True)
class Wire:
    """What a session needs of its surroundings; one for all sessions of an edge."""

    layer: TransactionLayer
    agenda: Agenda
    timers: TimerValues
    emit: Callable[["Session", SessionEvent, float], None]
    "Takes (session, event, now); must not call back into the session."
    expect: Callable[[ClientKey, "Session"], None]
    "Route answers of this client transaction to that session."
    session_expires: int = 1_800
    "Interval of session refreshes that we ask for (RFC 4028) [s]."
    alive: Callable[[Flow], bool] = lambda flow: True  # whether a stream can still be sent on
    elsewhere: Callable[[Flow, Uri], Flow | None] = lambda flow, target: None
    "Where the phone is now that had this Contact on that stream, if that is known."

    def way(self, hop: Uri, flow: Flow) -> Flow:
        """The path of a request to `hop`, the next one of a dialog, whose peer was heard last on `flow`."""
        if flow.reliable and not self.alive(flow):
            flow = self.elsewhere(flow, hop) or flow
        return next_flow(hop, flow, self.alive)


class Session:  # no ABC, whose `isinstance` is slow
    """The confirmed phase: BYE, re-INVITE, INFO and retransmission of 2xx."""

    def __init__(self, wire: Wire, flow: Flow, contact: Address) -> None:
        """Args: flow: where in-dialog requests go; contact: our Contact."""
        self.wire = wire
        self.flow = flow
        self.contact = contact
        self.state = State.INVITING
        self.dialog: Dialog | None = None
        self._reoffer: tuple[Request, ServerKey] | None = None
        self._success = Success(wire.layer, wire.agenda, wire.timers)
        self._bye_when_acked = False
        self._refresh = Refresh(self, wire.agenda, wire.session_expires)
        self.referral = Referral(self, wire.layer, wire.agenda)
        self.inquiries = Inquiries(self)
        self.large: Large | None = None
        "Where requests go that are too large for a datagram; None: where all go."
        self.info = InfoTerms()
        "What the peer says of it."
        self.keys: list[ClientKey] = []
        "Of the requests that we sent for it."

    @property
    @abstractmethod
    def call_id(self) -> str:
        """The SIP Call-ID."""

    @property
    def done(self) -> bool:
        """Nothing of it is left on the wire: it may be forgotten."""
        return self.over and not self._success.pending and not len(self.inquiries)

    @property
    def over(self) -> bool:
        """For the owner."""
        return self.state is State.ENDED

    @property
    def confirmed(self) -> bool:
        return self.state is State.CONFIRMED

    @property
    def negotiating(self) -> bool:
        """A re-INVITE of the peer is not settled."""
        return self._reoffer is not None or self._success.pending

    # What the peer does.

    def turns_to(self, tag: str) -> bool:
        """Whether requests of a peer with this tag are inside."""
        return self.dialog is not None and self.dialog.remote_tag in ("", tag)

    def receive(self, request: Request, key: ServerKey | None, now: float) -> None:
        """A request inside the dialog; `key` is None for an ACK."""
        dialog = self.dialog
        assert dialog is not None, "requests find a session by its dialog"
        if request.method == "ACK":
            self._acknowledged(request, now)
            return
        assert key is not None, "only an ACK has no transaction"
        if not dialog.receive(request):
            self._respond(key, request, 500, now, (("Retry-After", "1"),))  # §12.2.2
            return
        if request.method == "BYE":
            self._respond(key, request, 200, now)
            if self.state is not State.ENDED:
                self._end(By.REMOTE, "bye", now, request.headers.get("Reason") or "")
            else:
                self._success.forget()
                self.referral.forget()
        elif self.state is State.ENDED:
            self._respond(key, request, 481, now)
        elif request.method in ("INVITE", "UPDATE"):
            self._reinvited(request, key, now)
        elif request.method == "REFER":
            refer = self.referral.receive(request, key, now)
            if refer is not None:
                self._emit(Referred(refer), now)
        else:
            status, headers = aside(request)
            self._respond(key, request, status, now, headers)
            if request.method == "INFO" and status == 200:
                self._emit(Info((request.headers.get("Content-Type") or "").lower(), request.body), now)

    def receive_answer(self, response: Response, key: ClientKey, now: float) -> None:
        """A response to a request of ours inside the dialog."""
        self.inquiries.answered(key, response, now)

    def failed(self, key: ClientKey, timeout: bool, now: float) -> None:
        """Such a request was not answered."""
        self.inquiries.failed(key, timeout, now)

    # What keeping it alive needs.

    def send(self, request: Request, dialog: Dialog | None, now: float) -> ClientKey:
        """Send a request that is one of `dialog`, or None: asks for one; any but ACK."""
        way = self._way(dialog)
        by_tcp = None if self.large is None else self.large.way(request, way, now)
        key = self.wire.layer.request(request, by_tcp or way, now)
        if self.large is not None and by_tcp is not None:
            self.large.sent(key, by_tcp)
        self.keys.append(key)
        self.wire.expect(key, self)
        return key

    def goes_again(self, key: ClientKey, timeout: bool, now: float) -> bool:
        """Whether a request that failed is to be sent once more, by UDP."""
        return self.large is not None and not timeout and self.large.goes_again(key, now)

    def send_ack(self, ack: Request, dialog: Dialog, now: float) -> None:
        self.wire.layer.send_ack(ack, self._way(dialog), now)

    def reanswered(self, response: Response, now: float) -> None:
        """Tell the owner of the peer's SDP in such a 2xx."""
        if self.confirmed and (described := sdp_in(response)):
            self._emit(Reanswered(described), now)

    def lost(self, now: float) -> None:
        """The peer knows the session no longer, or has not refreshed it: over (RFC 4028 §10)."""
        if self.confirmed:
            self._send_bye(now, "")
            self._end(By.NETWORK, "session_expired", now)

    # What the owner does.

    def agree(self, body: bytes, now: float) -> None:
        """Answer the pending `Reoffer` with SDP `body`."""
        if self._reoffer is None:
            return
        request, key = self._reoffer
        self._reoffer = None
        response = self._success_response(request, body, now)
        if request.method == "INVITE":
            self._success.send(key, request, response, now, self._unacknowledged)
        else:
            self.wire.layer.respond(key, response, now)

    def disagree(self, status: int, headers: Headers, now: float) -> None:
        """Refuse the pending `Reoffer`; the session goes on as it was (§14.2)."""
        if self._reoffer is None:
            return
        request, key = self._reoffer
        self._reoffer = None
        self._respond(key, request, status, now, headers)

    def bye(self, now: float, reason: str = "") -> None:
        """End the session; the BYE waits for the ACK of our 200 (§15), and for the reports on a transfer."""
        if self.state is State.ANSWERED:
            self._bye_when_acked = True
        elif self.state is State.CONFIRMED:
            self.referral.close(now, lambda at: self._send_bye(at, reason))
        self.state = State.ENDED
        self._refresh.stop()
        self._refuse_pending(now)

    # Inside.

    def _reinvited(self, request: Request, key: ServerKey, now: float) -> None:
        self.info = info_terms(request, self.info)
        described = sdp_in(request)
        too_small = self._refresh.timer.too_small(request)
        if self._success.pending and request.method == "INVITE" and not self._success.owed:
            self._confirm(b"", now)  # who offers anew has our 200: its ACK was overtaken (RFC 5407 §3.1.4)
        if self._reoffer is not None:
            self._respond(key, request, 500, now, (("Retry-After", "1"),))  # §14.2: one at a time
        elif self._refresh.under_way or (self._success.pending and request.method == "INVITE"):
            # §14.2: ours is on its way; or the ACK that owes us an answer is (RFC 5407 §3.1.5).
            self._respond(key, request, 491, now)
        elif too_small is not None:
            self._respond(key, request, 422, now, too_small)
        elif described is None:
            self._respond(key, request, 415, now, (("Accept", SDP),))
        elif request.method == "UPDATE" and not described:
            self.wire.layer.respond(key, self._success_response(request, b"", now), now)
        elif not request.accepts(SDP):
            self._respond(key, request, 406, now, UNREADABLE)
        else:
            self._reoffer = (request, key)
            self._emit(Reoffer(described), now)

    def _success_response(self, request: Request, body: bytes, now: float) -> Response:
        """A 2xx to an INVITE or UPDATE; the session timer starts anew with it."""
        headers = (
            ("Contact", str(self.contact)),
            ("Allow", ALLOW),
            ("Supported", ", ".join(SUPPORTED)),
            ("Server", AGENT),
            *(self._refresh.timer.agree(request) if request.method != "PRACK" else ()),
        )
        self._refresh.sdp = body or self._refresh.sdp
        if request.method != "PRACK":
            self._refresh.agreed(request, now)
        assert self.dialog is not None, "a 2xx is sent inside a dialog"
        to_tag, kind = self.dialog.local_tag, SDP if body else ""
        return response_to(request, 200, to_tag=to_tag, headers=headers, body=body, content_type=kind)

    def _acknowledged(self, request: Request, now: float) -> None:
        if self._success.is_acknowledged_by(request):
            self._confirm(sdp_in(request) or b"", now)

    def _confirm(self, described: bytes, now: float) -> None:
        self._success.forget()
        if self._bye_when_acked:
            self._bye_when_acked = False
            self._send_bye(now, "")
        elif self.state is not State.ENDED:
            self.state = State.CONFIRMED
            self._emit(Acked(described), now)

    def _unacknowledged(self, now: float) -> None:
        """§13.3.1.4: without an ACK the session is ended by a BYE."""
        self._bye_when_acked = False
        self._send_bye(now, "")
        if self.state is not State.ENDED:
            self._end(By.NETWORK, "no_ack", now)

    def inform(
        self, content_type: str, body: bytes, now: float, then: Callable[[Response | None, float], None]
    ) -> bool:
        """Send an INFO; `then(final response or None, now)`. False: there is nobody to send it to, yet or any
        more."""
        if self.dialog is None or not self.confirmed:
            return False
        package = self.info.package
        headers = (("Info-Package", package), ("Content-Disposition", "Info-Package")) if package else ()
        request = self.dialog.request("INFO", headers=headers, body=body, content_type=content_type)
        self.inquiries.ask(request, self.dialog, now, then)
        return True

    def _send_bye(self, now: float, reason: str) -> None:
        assert self.dialog is not None, "only a dialog is ended by BYE"
        self._request_bye(self.dialog, now, (("Reason", reason),) if reason else ())

    def _request_bye(self, dialog: Dialog, now: float, headers: Headers = ()) -> None:
        self.inquiries.ask(dialog.request("BYE", headers=headers), dialog, now)

    def _way(self, dialog: Dialog | None) -> Flow:
        """The path of a request: inside `dialog`, or of the one that asks for it."""
        return self.flow if dialog is None else self.wire.way(dialog.next_hop(), self.flow)

    def _refuse_pending(self, now: float) -> None:
        self.referral.refuse(487, now)
        if self._reoffer is not None:
            request, key = self._reoffer
            self._reoffer = None
            self._respond(key, request, 487, now)

    def _end(self, by: By, cause: str, now: float, reason: str = "") -> None:
        self.state = State.ENDED
        self._bye_when_acked = False
        self._refresh.stop()
        self._success.forget()
        self._refuse_pending(now)
        self._emit(Ended(by, cause, reason), now)

    def _respond(
        self, key: ServerKey, request: Request, status: int, now: float, headers: Headers = ()
    ) -> None:
        tag = self.dialog.local_tag if self.dialog is not None else ""
        self.wire.layer.respond(key, response_to(request, status, to_tag=tag, headers=headers), now)

    def _emit(self, event: SessionEvent, now: float) -> None:
        self.wire.emit(self, event, now)

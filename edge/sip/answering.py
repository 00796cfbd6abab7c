"""The called side of an INVITE session, UAS core (RFC 3261 §13.3, §9.2 for CANCEL; 1xx RFC 3262)."""

from typing import Final

from edge.agenda import Alarm
from edge.sdp.body import sdp_in
from edge.sip.address import Address
from edge.sip.build import response_to
from edge.sip.capability import ALLOW, SDP, info_terms
from edge.sip.dialog import Dialog, target_of
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.prack import Reliable, requires, supports
from edge.sip.session import Headers, Session, State, Wire
from edge.sip.session_event import Acked, By, Ended

EXTENSION: Final = 60.0
"A 1xx is sent again after this: proxies give up three minutes after the last one (§13.3.1.1, §16.6) [s]."
GRACE: Final = 5.0
"For a caller whose connection is gone to register by another one, before he is looked for [s]."


class AnsweringSession(Session):
    """Made from an INVITE that asks for a new dialog; the owner answers by its verbs, in this order:

    `progress` any number of times, then `accept` or `reject` once. After `Ended` every verb is void.
    """

    def __init__(
        self, wire: Wire, invite: Request, key: ServerKey, flow: Flow, *, tag: str, contact: Address
    ) -> None:
        super().__init__(wire, flow, contact)
        self.invite = invite
        self.info = info_terms(invite, self.info)
        self.offer = sdp_in(invite) or b""
        "The caller's description, also out of a multipart body; empty asks for ours."
        self.key = key
        self.tag = tag
        self.connection = flow.connection
        "By which the INVITE came."
        self._accepting: bytes | None = None  # the SDP of a 200 that waits for a PRACK
        self._said: tuple[int, bytes, Headers] | None = None  # in the latest 1xx
        self._extension: Alarm | None = None
        self._reliable: Reliable | None = None  # once something was said reliably
        self._grace: Alarm | None = None  # from the loss of the caller's connection
        self._sought = False  # after it

    @property
    def needs_prack(self) -> bool:
        """The caller will not have it otherwise: an INVITE without offer gets ours in the first 1xx."""
        return requires(self.invite)

    @property
    def call_id(self) -> str:
        return self.invite.call_id

    @property
    def max_forwards(self) -> int | None:
        return self.invite.max_forwards

    def progress(self, status: int, body: bytes, now: float, headers: Headers = ()) -> None:
        """Send 101–199 with our tag: an early dialog (§13.3.1.1).

        What was said is not said twice, as when a second phone rings, but once a minute.
        """
        said = (status, body, headers)
        if self.state is not State.INVITING or self._accepting is not None or said == self._said:
            return
        self._said = said
        self._settled()
        self._extension = self.wire.agenda.at(now + EXTENSION, self._say_again)
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag, contact=self.contact)
        response = response_to(
            self.invite,
            status,
            to_tag=self.tag,
            headers=(("Contact", str(self.contact)), ("Allow", ALLOW), *headers),
            body=body,
            content_type=SDP if body else "",
        )
        self._refresh.sdp = body or self._refresh.sdp
        self._follow()
        if self.needs_prack or (body and supports(self.invite)):
            self._reliably().respond(response, now)
        else:
            self.wire.layer.respond(self.key, response, now)

    def accept(self, body: bytes, now: float) -> None:
        """Send 200 with SDP `body` and see that it is acknowledged.

        It waits for the PRACK of a 1xx with SDP, and then needs none of its own (RFC 6337 §2.1).
        """
        if self.state is not State.INVITING:
            return
        if self._owes:
            self._accepting = body
            return
        if self._reliable is not None:
            body = b"" if self._reliable.settled else body
            self._reliable.stop()
        self._settled()
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag, contact=self.contact)
        self.dialog.confirm()
        self.state = State.ANSWERED
        response = self._success_response(self.invite, body, now)
        self._follow()
        self._success.send(self.key, self.invite, response, now, self._unacknowledged)

    def reject(self, status: int, now: float, headers: Headers = (), reason: str | None = None) -> None:
        """Send a final 3xx–6xx; the session is over without an `Ended`."""
        if self.state is not State.INVITING:
            return
        self.state = State.ENDED
        self._settled()
        if self._reliable is not None:
            self._reliable.stop()
        response = response_to(self.invite, status, reason, to_tag=self.tag, headers=headers)
        self._follow()
        self.wire.layer.respond(self.key, response, now)

    def receive(self, request: Request, key: ServerKey | None, now: float) -> None:
        if request.method == "BYE" and self.state is State.INVITING and key is not None:
            # §15.1.2: a caller may end an early dialog by BYE; its INVITE is answered 487.
            self._respond(key, request, 200, now)
            self.cancelled(now, request.headers.get("Reason") or "")
        elif request.method == "INVITE" and self.state is State.INVITING and key is not None:
            self._respond(key, request, 500, now, (("Retry-After", "1"),))  # §14.2: the first one is open
        elif request.method == "PRACK" and key is not None:
            self._pracked(request, key, now)
        else:
            super().receive(request, key, now)

    def bye(self, now: float, reason: str = "") -> None:
        if self._accepting is not None and self.state is State.INVITING:
            self.reject(480, now, (("Reason", reason),) if reason else ())
        super().bye(now, reason)

    def cancelled(self, now: float, reason: str = "") -> None:
        """The caller's CANCEL came first: 487 and over. After our 200 it has no effect (§9.2)."""
        if self.state is not State.INVITING:
            return
        self.reject(487, now)
        self.wire.emit(self, Ended(By.REMOTE, "cancelled", reason), now)

    def lost_connection(self, now: float) -> None:
        """The caller's connection is gone. A browser cannot be dialled (RFC 7118 §5): it is given up at once.

        Others may register by a new one (RFC 5626 §4.5), or be dialled where their Via says (§18.2.2): after
        `GRACE` they are told anew how it stands, and given up when that fails.
        """
        if self.state is not State.INVITING or self._grace is not None:
            return
        if self.flow.is_web:
            self._desert(now)
        else:
            self._grace = self.wire.agenda.at(now + GRACE, self._seek)

    def unreachable(self, now: float) -> None:
        """Nothing can be sent to the caller (§17.2.4)."""
        if self._sought:
            self._desert(now)

    # Inside.

    def _desert(self, now: float) -> None:
        if self.state is State.INVITING:
            self.reject(487, now)
            self.wire.emit(self, Ended(By.NETWORK, "connection_lost"), now)

    def _seek(self, now: float) -> None:
        self._sought = True
        if self._said is None and self.state is State.INVITING:
            self.wire.layer.respond(self.key, response_to(self.invite, 100), now)
        else:
            self._say_again(now)

    def _follow(self) -> None:
        """Answer on the connection by which a caller who lost his has registered since (RFC 5626 §4.5)."""
        if self._grace is None or self.wire.alive(self.flow):
            return
        target = target_of(self.invite)
        flow = None if target is None else self.wire.elsewhere(self.flow, target)
        if flow is not None:
            self.flow = flow
            self.wire.layer.follow(self.key, flow)

    def _say_again(self, now: float) -> None:
        if self._said is not None:
            (status, body, headers), self._said = self._said, None
            # A description that was said reliably has arrived.
            self.progress(status, b"" if supports(self.invite) else body, now, headers)

    def _settled(self) -> None:
        """No 1xx is due any more, or another."""
        if self._extension is not None:
            self._extension.cancel()
            self._extension = None

    @property
    def _owes(self) -> bool:
        return self._reliable is not None and self._reliable.owes

    def _reliably(self) -> Reliable:
        if self._reliable is None:
            wire = self.wire
            self._reliable = Reliable(
                wire.agenda, wire.timers, self.tag, self._send_reliably, self._unacknowledged_early
            )
        return self._reliable

    def _send_reliably(self, response: Response, now: float) -> None:
        self.wire.layer.respond(self.key, response, now)

    def _pracked(self, request: Request, key: ServerKey, now: float) -> None:
        assert self.dialog is not None, "requests find a session by its dialog"
        if not self.dialog.receive(request):
            self._respond(key, request, 500, now, (("Retry-After", "1"),))  # RFC 3261 §12.2.2
            return
        if self._reliable is None or not self._reliable.acknowledged(request, now):
            self._respond(key, request, 481, now)
            return
        described = sdp_in(request)
        if described != b"" and self.offer:
            self._reinvited(request, key, now)  # §5: a second offer
        else:
            self._respond(key, request, 200, now)
            if described:
                self._emit(Acked(described), now)
        if self._accepting is not None and not self._owes:
            self.accept(self._accepting, now)
            self._accepting = None

    def _unacknowledged_early(self, now: float) -> None:
        """RFC 3262 §3: a caller that does not acknowledge is refused by a 5xx."""
        if self.state is State.INVITING:
            self.reject(504, now)
            self._emit(Ended(By.NETWORK, "no_prack"), now)

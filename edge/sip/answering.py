"""The called side of an INVITE session, UAS core (RFC 3261 §13.3, §9.2 for CANCEL)."""

from edge.sip.address import Address
from edge.sip.build import response_to
from edge.sip.dialog import Dialog
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.session import SDP, By, Ended, Headers, Session, State, Wire


class AnsweringSession(Session):
    """Made from an INVITE that asks for a new dialog; the owner answers by its verbs, in this order:

    `progress` any number of times, then `accept` or `reject` once. After `Ended` every verb is void.
    """

    def __init__(
        self, wire: Wire, invite: Request, key: ServerKey, flow: Flow, *, tag: str, contact: Address
    ) -> None:
        super().__init__(wire, flow, contact)
        self.invite = invite
        self.key = key
        self.tag = tag

    @property
    def call_id(self) -> str:
        return self.invite.call_id

    def progress(self, status: int, body: bytes, now: float, headers: Headers = ()) -> None:
        """Send 101–199 with our tag: an early dialog (§13.3.1.1)."""
        if self.state is not State.INVITING:
            return
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag, contact=self.contact)
        self.wire.layer.respond(
            self.key,
            response_to(
                self.invite,
                status,
                to_tag=self.tag,
                headers=(("Contact", str(self.contact)), *headers),
                body=body,
                content_type=SDP if body else "",
            ),
            now,
        )

    def accept(self, body: bytes, now: float) -> None:
        """Send 200 with SDP `body` and see that it is acknowledged."""
        if self.state is not State.INVITING:
            return
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag, contact=self.contact)
        self.dialog.confirm()
        self.state = State.ANSWERED
        self._send_success(self.key, self.invite, self._success_response(self.invite, body, now), now)

    def reject(self, status: int, now: float, headers: Headers = (), reason: str | None = None) -> None:
        """Send a final 3xx–6xx; the session is over without an `Ended`."""
        if self.state is not State.INVITING:
            return
        self.state = State.ENDED
        response = response_to(self.invite, status, reason, to_tag=self.tag, headers=headers)
        self.wire.layer.respond(self.key, response, now)

    def receive(self, request: Request, key: ServerKey | None, now: float) -> None:
        if request.method == "BYE" and self.state is State.INVITING and key is not None:
            # §15.1.2: a caller may end an early dialog by BYE; its INVITE is answered 487.
            self._respond(key, request, 200, now)
            self.cancelled(now, request.headers.get("Reason") or "")
        else:
            super().receive(request, key, now)

    def cancelled(self, now: float, reason: str = "") -> None:
        """The caller's CANCEL came first: 487 and over. After our 200 it has no effect (§9.2)."""
        if self.state is not State.INVITING:
            return
        self.reject(487, now)
        self.wire.emit(self, Ended(By.REMOTE, "cancelled", reason), now)

"""The called side of an INVITE session, UAS core (RFC 3261 §13.3, §9.2 for CANCEL)."""

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
        self, wire: Wire, invite: Request, key: ServerKey, flow: Flow, *, tag: str, contact: str
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
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag)
        self.wire.layer.respond(
            self.key,
            response_to(
                self.invite,
                status,
                to_tag=self.tag,
                headers=(("Contact", self.contact), *headers),
                body=body,
                content_type=SDP if body else "",
            ),
            now,
        )

    def accept(self, body: bytes, now: float) -> None:
        """Send 200 with SDP `body` and see that it is acknowledged."""
        if self.state is not State.INVITING:
            return
        self.dialog = self.dialog or Dialog.uas(self.invite, self.tag)
        self.state = State.ANSWERED
        self._send_success(self.key, self.invite, self._success_response(self.invite, body), now)

    def reject(self, status: int, now: float, headers: Headers = (), reason: str | None = None) -> None:
        """Send a final 3xx–6xx; the session is over without an `Ended`."""
        if self.state is not State.INVITING:
            return
        self.state = State.ENDED
        response = response_to(self.invite, status, reason, to_tag=self.tag, headers=headers)
        self.wire.layer.respond(self.key, response, now)

    def cancelled(self, now: float, reason: str = "") -> None:
        """The caller's CANCEL came first: 487 and over. After our 200 it has no effect (§9.2)."""
        if self.state is not State.INVITING:
            return
        self.reject(487, now)
        self.wire.emit(self, Ended(By.REMOTE, "cancelled", reason), now)

"""Dialogs: what two user agents agree on between requests (RFC 3261 §12).

::

    UAC:  Dialog.uac(invite, response)  made by the first response with a To tag,
          .answered(response)           each later one: early → confirmed, target refresh
    UAS:  Dialog.uas(invite, to_tag)    made with the first response that carries our tag,
          .confirm()                    when the 2xx is sent
    both: .receive(request)             False: out of order, answer 500
          .request("BYE"), .ack(cseq)   towards .next_hop()

The route set is used loosely, and rewritten for a strict router (§12.2.1.1). A target refresh takes
effect when its request arrives (§12.2.2), not when it is accepted (RFC 6141 §4.3, declined).
"""

import contextlib
import enum
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from edge.sip import build
from edge.sip.address import STAR, Address
from edge.sip.grammar import Malformed
from edge.sip.message import Message, Request, Response
from edge.sip.uri import Uri

_REFRESHES: Final = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
"Target refresh requests (RFC 3261 §6, RFC 3311 §5.1, RFC 6665 §4.4.1)."


class DialogId(NamedTuple):
    call_id: str
    local_tag: str
    remote_tag: str
    "Empty for an RFC 2543 peer."


class DialogState(enum.Enum):
    EARLY = enum.auto()
    CONFIRMED = enum.auto()


class Dialog:
    """One dialog, seen from our side.

    Attributes:
        local, remote: who we are and who the peer is, each with its tag.
        target: the remote target, where the peer's Contact points.
        route: the route set, nearest hop first.
        contact: what our requests say in Contact; None leaves it out.
        local_cseq: of our last request; 0 before the first.
        remote_cseq: of the peer's last one; None before the first.
        secure: the dialog was asked for by a sips URI over TLS (§12.1).
    """

    __slots__ = (
        "call_id",
        "contact",
        "local",
        "local_cseq",
        "remote",
        "remote_cseq",
        "route",
        "secure",
        "state",
        "target",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: Address,
        remote: Address,
        target: Uri,
        route: tuple[Address, ...] = (),
        contact: Address | None = None,
        local_cseq: int = 0,
        remote_cseq: int | None = None,
        secure: bool = False,
        state: DialogState = DialogState.EARLY,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.target = target
        self.route = route
        self.contact = contact
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.secure = secure
        self.state = state

    @staticmethod
    def uac(request: Request, response: Response) -> "Dialog":
        """Of our `request` and a response to it, 101–299 (§12.1.2).

        Without a usable Contact the remote target is the Request-URI; a Record-Route that cannot be
        read is none.
        """
        return Dialog(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            target=_answerer(response, _contact(request)) or request.uri,
            route=_record_route(response)[::-1],
            contact=_contact(request),
            local_cseq=request.cseq.number,
            secure=request.uri.scheme == "sips",
            state=DialogState.EARLY if response.status < 200 else DialogState.CONFIRMED,
        )

    @staticmethod
    def uas(request: Request, to_tag: str, *, contact: Address | None = None) -> "Dialog":
        """Of the peer's `request` and the tag of our response (§12.1.1).

        §8.1.1.8 demands a Contact: refuse a request without (400). Here, the remote target is then
        the URI of From. `contact` goes into our requests.
        """
        return Dialog(
            call_id=request.call_id,
            local=request.to.with_tag(to_tag),
            remote=request.from_,
            target=target_of(request) or request.from_.uri,
            route=_record_route(request),
            contact=contact,
            remote_cseq=request.cseq.number,
            secure=request.uri.scheme == "sips" and request.via.transport in ("TLS", "WSS"),
        )

    @property
    def id(self) -> DialogId:
        return DialogId(self.call_id, self.local.tag, self.remote.tag)

    @property
    def local_tag(self) -> str:
        return self.local.tag

    @property
    def remote_tag(self) -> str:
        return self.remote.tag

    def next_hop(self) -> Uri:
        """Where our requests go first: the top of the route set, else the remote target."""
        return self.route[0].uri if self.route else self.target

    def request(
        self,
        method: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> Request:
        """A new request in the dialog, with the next CSeq (§12.2.1.1); not for ACK and CANCEL."""
        self.local_cseq += 1
        contact = self.contact if method in _REFRESHES else None
        return self._build(method, self.local_cseq, contact, headers, body, content_type)

    def again(self, request: Request) -> Request:
        """A refused request of this dialog once more, with the next CSeq (§22.2, §14.1)."""
        self.local_cseq += 1
        headers = request.headers.copy()
        headers.set("CSeq", f"{self.local_cseq} {request.method}")
        return Request(request.method, request.uri, headers, request.body)

    def ack(
        self,
        invite_cseq: int,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> Request:
        """The ACK for a 2xx to the INVITE with `invite_cseq` (§13.2.2.4)."""
        return self._build("ACK", invite_cseq, None, headers, body, content_type)

    def receive(self, request: Request) -> bool:
        """Take note of a request in this dialog (§12.2.2).

        Returns:
            False if its CSeq is older than one before: answer 500. ACK and CANCEL have the CSeq of
            their INVITE and are always in order.
        """
        if request.method in ("ACK", "CANCEL"):
            return True
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        if not self.remote.tag:  # it answered without one, as RFC 2543 allowed, and has one later
            self.remote = request.from_
        if request.method in _REFRESHES:
            self.target = target_of(request) or self.target
        return True

    def answered(self, response: Response) -> None:
        """Take note of a response of this dialog to an INVITE or another target refresh of ours.

        The 2xx that confirms an early dialog also settles its route set (§13.2.2.4). Of an early one, a later
        1xx may say what the first left out.
        """
        if 100 < response.status < 200 and self.state is DialogState.EARLY:
            self.route = _record_route(response)[::-1] or self.route
            self.target = _answerer(response, self.contact) or self.target
        if 200 <= response.status < 300 and response.cseq.method in _REFRESHES:
            if self.state is DialogState.EARLY:
                self.route = _record_route(response)[::-1]
                self.state = DialogState.CONFIRMED
            self.target = _answerer(response, self.contact) or self.target

    def confirm(self) -> None:
        """Our 2xx to the request that made this dialog is sent."""
        self.state = DialogState.CONFIRMED

    def _build(
        self,
        method: str,
        cseq: int,
        contact: Address | None,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        content_type: str,
    ) -> Request:
        uri, route = self.target.without_headers(), self.route
        if route and route[0].uri.param("lr") is None:
            # A strict router wants itself in the Request-URI, and the target last in Route.
            uri, route = route[0].uri.without_headers(), (*route[1:], Address("", self.target))
        return build.request(
            method,
            uri,
            from_=self.local,
            to=self.remote,
            call_id=self.call_id,
            cseq=cseq,
            contact=contact,
            route=route,
            headers=headers,
            body=body,
            content_type=content_type,
        )


def _contact(message: Message) -> Address | None:
    try:
        contacts = message.contacts
    except Malformed:
        return None
    return contacts[0] if contacts and contacts[0] is not STAR else None


def _answerer(response: Response, ours: Address | None) -> Uri | None:
    """Where who answers is reached; None where it says our own Contact again, as voip-utils does."""
    uri = target_of(response)
    own = None if ours is None else ours.uri
    if uri is None or own is None or (uri.user, uri.host, uri.port) != (own.user, own.host, own.port):
        return uri
    return None


def target_of(message: Message) -> Uri | None:
    """Where the peer says that it is reached: the first SIP address of Contact, which should be the only one
    (§8.1.1.8); what else stands there is passed over, readable or not."""
    try:
        contacts = message.contacts
    except Malformed:
        contacts = tuple(_readable(message.headers.elements("Contact")))
    return next((contact.uri for contact in contacts if contact is not STAR and contact.uri.is_sip), None)


def _readable(texts: Iterable[str]) -> Iterator[Address]:
    for text in texts:
        with contextlib.suppress(Malformed):
            yield Address.parse(text)


def _record_route(message: Message) -> tuple[Address, ...]:
    """As it stands in the message, top first."""
    if message.headers.get("Record-Route") is None:
        return ()
    try:
        return message.addresses("Record-Route")
    except Malformed:
        return ()

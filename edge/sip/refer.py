"""REFER inside a dialog (RFC 3515), what it asks for (RFC 3891, RFC 3892), and the reports on its outcome.

::

    peer ── REFER ─▶ Referral ─ Referred ─▶ owner ── accept ─▶ 202, NOTIFY "100 Trying"
                                              │ └─── refuse ─▶ 4xx–6xx
                                              └ tell(status) ─▶ NOTIFY with that status; ≥ 200 ends it

The subscription that a REFER makes lasts as long as the transfer; one at a time. A report waits for the
answer to the one before it, and our BYE for the last one's, so that none overtakes another on the way; it is
then the latest there is. Who does not want to hear of it says so by Refer-Sub (RFC 4488). Declined: Refer-To
with a method other than INVITE, and out of dialog.
"""

import weakref
from collections.abc import Callable
from typing import Final, Protocol

from config.value import dataclass
from edge.agenda import Agenda, Alarm
from edge.error import Refusal
from edge.sip.address import Address
from edge.sip.build import phrase, response_to
from edge.sip.dialog import Dialog
from edge.sip.effect import ServerKey
from edge.sip.grammar import Malformed
from edge.sip.inquiry import Inquiries
from edge.sip.message import Request, Response
from edge.sip.transaction.layer import TransactionLayer
from edge.sip.uri import Uri

LIFE: Final = 180
"What a report says of how long there may be more [s]."
PATIENCE: Final = 1.0
"How long our BYE waits for the answers to reports [s]: two of their transmissions at the default T1."
_SIPFRAG: Final = "message/sipfrag;version=2.0"


@dataclass(frozen=True, slots=True)
class Replaces:
    """The dialog that a new one takes the place of, named by its far end (RFC 3891 §3)."""

    call_id: str
    to_tag: str
    "Of the one who is asked to replace."
    from_tag: str
    early_only: bool = False

    @staticmethod
    def parse(text: str) -> "Replaces | None":
        call_id, *params = (part.strip() for part in text.split(";", 16))
        tags = {"to-tag": "", "from-tag": ""}
        early = False
        for param in params:
            name, equals, value = param.partition("=")
            name = name.strip().lower()
            if name in tags and equals and not tags[name]:
                tags[name] = value.strip()
            early = early or name == "early-only"
        if not call_id or not tags["to-tag"] or not tags["from-tag"]:
            return None
        return Replaces(call_id, tags["to-tag"], tags["from-tag"], early)


@dataclass(frozen=True, slots=True)
class Refer:
    """What the peer asks for: that its partner talks to `target` instead."""

    target: Uri
    replaces: Replaces | None
    referred_by: str
    "Header value; empty when there is none."
    reports: bool
    "Whether the peer wants to hear of the outcome."


def _bare(values: list[str]) -> tuple[Address, ...]:
    """A URI with headers that stands in no angles, against RFC 3261 §20: all of it is the target."""
    try:
        return tuple(Address("", Uri.parse(value)) for value in values if "?" in value and "<" not in value)
    except Malformed:
        return ()


def read(request: Request) -> Refer | Refusal:
    """A REFER; or why it is refused."""
    try:
        targets = request.addresses("Refer-To")
    except Malformed:
        targets = _bare(request.headers.all("Refer-To"))
    if len(targets) != 1:
        why = "a REFER has one Refer-To that can be read"  # RFC 3515 §2.4.2
        return Refusal("bad_refer_to", 400, why, "write one address into Refer-To")
    uri = targets[0].uri
    method = uri.param("method")
    if not (uri.is_sip or uri.scheme == "tel"):
        why = "Refer-To names neither a SIP address nor a number"
        return Refusal("unsupported_uri_scheme", 416, why, "transfer to a SIP address or a number")
    if method is not None and method.upper() != "INVITE":
        why = "a transfer is a call, and no other method"
        return Refusal("refer_method", 403, why, "leave method out of Refer-To")
    text = uri.header("Replaces")
    replaces = Replaces.parse(text) if text else None
    if text and replaces is None:
        fix = "write call-id;to-tag=…;from-tag=…"
        return Refusal("bad_replaces", 400, "Replaces cannot be read", fix)
    sub = (request.headers.get("Refer-Sub") or "").partition(";")[0].strip().lower()
    by = request.headers.get("Referred-By") or ""
    return Refer(uri, replaces, by if _is_address(by) else "", sub != "false")


class Transferable(Protocol):
    """The session whose peer asks for it."""

    inquiries: Inquiries
    dialog: Dialog | None
    contact: Address

    @property
    def confirmed(self) -> bool: ...


class Referral:
    """The one transfer that may be under way on a session."""

    def __init__(self, session: Transferable, layer: TransactionLayer, agenda: Agenda) -> None:
        # Weak, as the session holds this: a circle would wait, with all it holds, for the collector.
        self._session: Transferable = weakref.proxy(session)
        self._layer = layer
        self._agenda = agenda
        self._pending: tuple[Request, ServerKey] | None = None
        self._event = ""  # of the reports; empty: nobody waits for any
        self._under_way = False  # a report that is not answered yet
        self._next: tuple[str, int, str] | None = None  # event, status and reason of the one after it
        self._close: Callable[[float], None] | None = None  # sends our BYE, which waits
        self._impatience: Alarm | None = None

    @property
    def pending(self) -> bool:
        """A REFER is not answered yet."""
        return self._pending is not None

    def receive(self, request: Request, key: ServerKey, now: float) -> Refer | None:
        """The REFER to tell the owner of; None when it is answered already."""
        if self._pending is not None or self._event:
            self._respond(request, key, 491, now)
            return None
        refer = read(request)
        if isinstance(refer, Refusal):
            self._respond(request, key, refer.status, now, refer.headers())
            return None
        self._pending = (request, key)
        if refer.reports:
            self._event = f"refer;id={request.cseq.number}"
        return refer

    def accept(self, now: float) -> None:
        """202, and a first report."""
        if self._pending is None:
            return
        request, key = self._pending
        self._pending = None
        silent = () if self._event else (("Refer-Sub", "false"),)
        self._respond(request, key, 202, now, (("Contact", str(self._session.contact)), *silent))
        self.tell(100, now)

    def refuse(self, status: int, now: float, headers: tuple[tuple[str, str], ...] = ()) -> None:
        if self._pending is None:
            return
        request, key = self._pending
        self._pending, self._event = None, ""
        self._respond(request, key, status, now, headers)

    def tell(self, status: int, now: float, reason: str = "") -> None:
        """Report how far it has come; a final status is the last one."""
        event = self._event
        if status >= 200:
            self._event = ""
        if not event:
            return
        self._next = (event, status, reason)
        if not self._under_way:
            self._flush(now)

    def close(self, now: float, bye: Callable[[float], None]) -> None:
        """Call `bye` when every report has had its answer, and after `PATIENCE` at the latest."""
        self._close = bye
        if self._under_way:
            self._impatience = self._agenda.at(now + PATIENCE, self._closed)
        else:
            self._closed(now)

    def forget(self) -> None:
        """The peer has ended the session: it hears of nothing more."""
        self._close, self._next = None, None
        if self._impatience is not None:
            self._impatience.cancel()

    # Inside.

    def _closed(self, now: float) -> None:
        self._flush(now)
        bye = self._close
        self.forget()
        if bye is not None:
            bye(now)

    def _flush(self, now: float) -> None:
        session = self._session
        if self._next is None or session.dialog is None or not (session.confirmed or self._close):
            return
        (event, status, reason), self._next = self._next, None
        state = f"active;expires={LIFE}" if status < 200 else "terminated;reason=noresource"
        report = session.dialog.request(
            "NOTIFY",
            headers=(("Event", event), ("Subscription-State", state)),
            body=f"SIP/2.0 {status} {reason or phrase(status)}\r\n".encode(),
            content_type=_SIPFRAG,
        )
        self._under_way = True
        session.inquiries.ask(report, session.dialog, now, self._answered)

    def _answered(self, response: Response | None, now: float) -> None:
        self._under_way = False
        if response is not None and response.status == 481:
            self._event, self._next = "", None  # RFC 6665 §4.2.2: the subscription is gone
        self._flush(now)
        if self._close is not None and not self._under_way:
            self._closed(now)

    def _respond(
        self,
        request: Request,
        key: ServerKey,
        status: int,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        dialog = self._session.dialog
        tag = dialog.local_tag if dialog is not None else ""
        self._layer.respond(key, response_to(request, status, to_tag=tag, headers=headers), now)


def _is_address(text: str) -> bool:
    try:
        return bool(text) and Address.parse(text).uri.is_sip
    except Malformed:
        return False

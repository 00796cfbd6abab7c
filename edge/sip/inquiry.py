"""Our requests inside the dialogs of one session, proven where somebody asks for it (RFC 3261 §12.2.1).

::

    ask ─▶ request ─ 2xx–6xx, or nothing ─▶ then(response or None, now)
              ▲ └─ 401, 407: with a proof, CSeq + 1 (§22.2)
              └────────────┘

Whoever asks hears of the last round alone.
"""

import weakref
from collections.abc import Callable
from typing import Protocol, TypeAlias

from config.value import dataclass
from edge.sip.dialog import Dialog
from edge.sip.effect import ClientKey
from edge.sip.keyring import ROUNDS, Keyring, proofs
from edge.sip.message import Request, Response

Then: TypeAlias = Callable[[Response | None, float], None]
"(final response or None, now): None when nobody answered or nobody could be reached."


@dataclass(frozen=True, slots=True)
class _Inquiry:
    request: Request
    dialog: Dialog
    then: Then | None
    rounds: int = 1


class Asker(Protocol):
    """The session whose requests they are."""

    @property
    def over(self) -> bool: ...
    def send(self, request: Request, dialog: Dialog | None, now: float) -> ClientKey: ...
    def send_ack(self, ack: Request, dialog: Dialog, now: float) -> None: ...
    def goes_again(self, key: ClientKey, timeout: bool, now: float) -> bool: ...


class Inquiries:
    def __init__(self, session: Asker) -> None:
        self.keyring: Keyring | None = None
        "What we can prove; None: nothing."
        # Weak, as the session holds this: a circle would wait, with all it holds, for the collector.
        self._session: Asker = weakref.proxy(session)
        self._waiting: dict[ClientKey, _Inquiry] = {}
        self._ack: tuple[ClientKey, Dialog, Request] | None = None
        "Of the latest 2xx to a re-INVITE: its copies get the same one (§13.2.2.4)."

    def __len__(self) -> int:
        """How many are not answered."""
        return len(self._waiting)

    def ask(self, request: Request, dialog: Dialog, now: float, then: Then | None = None) -> None:
        """Send `request`, which is one of `dialog`; any but ACK."""
        if self.keyring is not None:
            self.keyring.prove(request)
        self._send(_Inquiry(request, dialog, then), now)

    def answered(self, key: ClientKey, response: Response, now: float) -> None:
        if self._ack is not None and key == self._ack[0] and response.status < 300:
            self._session.send_ack(self._ack[2], self._ack[1], now)
        if response.status < 200:
            return
        inquiry = self._waiting.pop(key, None)
        if inquiry is None:
            return
        inquiry.dialog.answered(response)
        if response.cseq.method == "INVITE" and response.status < 300:
            self._acknowledge(key, inquiry, response, now)
        if not self._asked_again(inquiry, response, now) and inquiry.then is not None:
            inquiry.then(response, now)

    def failed(self, key: ClientKey, timeout: bool, now: float) -> None:
        inquiry = self._waiting.pop(key, None)
        if inquiry is not None and self._session.goes_again(key, timeout, now):
            self._send(inquiry, now)
        elif inquiry is not None and inquiry.then is not None:
            inquiry.then(None, now)

    # Inside.

    def _send(self, inquiry: _Inquiry, now: float) -> None:
        self._waiting[self._session.send(inquiry.request, inquiry.dialog, now)] = inquiry

    def _acknowledge(self, key: ClientKey, inquiry: _Inquiry, response: Response, now: float) -> None:
        ack = inquiry.dialog.ack(response.cseq.number, headers=proofs(inquiry.request))
        self._ack = key, inquiry.dialog, ack
        self._session.send_ack(ack, inquiry.dialog, now)

    def _asked_again(self, inquiry: _Inquiry, response: Response, now: float) -> bool:
        request, dialog = inquiry.request, inquiry.dialog
        if self.keyring is None or (self._session.over and request.method != "BYE"):
            return False
        if inquiry.rounds >= ROUNDS or not self.keyring.learn(request, response):
            return False
        again = dialog.again(request)
        self.keyring.prove(again)
        self._send(_Inquiry(again, dialog, inquiry.then, inquiry.rounds + 1), now)
        return True

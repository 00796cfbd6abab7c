"""A request that belongs to no dialog of ours: who serves it, and what is refused at the door.

::

    Incoming ─▶ Reception ─▶ Arrivals (INVITE) · Registrations · Messages · Subscriptions
                        └─▶ OPTIONS answered here; 405, 416, 420, 481… with their reason

Everything that is let in is charged to the turnstile, so that overload is known before the next one.
"""

from dataclasses import dataclass
from typing import Final

from edge.arrival import Arrivals
from edge.error import Refusal
from edge.ident import Random, tag
from edge.messages import Messages
from edge.overload.turnstile import CHALLENGED, Turnstile, weight
from edge.registration import Registrations
from edge.security.witness import Witness
from edge.sip.build import response_to
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.session import AGENT, ALLOW, SDP, SUPPORTED
from edge.sip.transaction.layer import TransactionLayer
from edge.subscriptions import Subscriptions
from edge.unservable import unservable

_OPTIONS: Final = ", ".join(("path", *SUPPORTED))
_NO_DIALOG: Final = Refusal("no_such_dialog", 481, "the dialog is not here, or over", "call anew")


@dataclass(slots=True)
class Reception:
    layer: TransactionLayer
    random: Random
    witness: Witness
    turnstile: Turnstile
    arrivals: Arrivals
    registrations: Registrations
    messages: Messages
    subscriptions: Subscriptions

    def receive(self, request: Request, key: ServerKey, flow: Flow, now: float) -> None:
        """A request outside of any session."""
        if request.to.tag:
            if not self.subscriptions.inside(request, key, flow, now):
                self.unknown(request, key, now)
            return
        refusal = unservable(request)
        if refusal is not None:
            self.respond(key, request, refusal[0], now, refusal[1])
            return
        method = request.method
        if method == "INVITE":
            call = self.arrivals.invite(request, key, flow, now)
            cost = CHALLENGED if call is None else weight(method)
            self._charge(request, cost, now, challenged=call is None)
            return
        self._charge(request, weight(method), now, challenged=method == "REGISTER")
        match method:
            case "REGISTER":
                self.registrations.register(request, key, flow, now)
            case "MESSAGE":
                self.messages.receive(request, key, flow, now)
            case "SUBSCRIBE":
                self.subscriptions.receive(request, key, flow, now)
            case "OPTIONS":
                self.witness.probed(request, flow, now)
                status = 503 if self.arrivals.draining else 200
                self.respond(key, request, status, now, (("Accept", SDP), ("Supported", _OPTIONS)))
            case _:
                self.witness.probed(request, flow, now)
                self.respond(key, request, 405, now)

    def _charge(self, request: Request, cost: float, now: float, *, challenged: bool) -> None:
        if request.headers.get("Authorization") is not None:
            self.turnstile.charge(cost, request.call_id)
            return
        self.turnstile.charge(cost)
        if challenged:
            self.turnstile.challenged(request.call_id, weight(request.method), now)

    def unknown(self, request: Request, key: ServerKey, now: float) -> None:
        """It names a dialog that is not here (RFC 3261 §12.2.2)."""
        self.respond(key, request, 481, now, _NO_DIALOG.headers())

    def respond(
        self,
        key: ServerKey,
        request: Request,
        status: int,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Answer outside of any session."""
        response = response_to(
            request,
            status,
            to_tag=tag(self.random),
            headers=(*headers, ("Allow", ALLOW), ("Server", AGENT)),
        )
        self.layer.respond(key, response, now)

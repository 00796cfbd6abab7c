"""A request that belongs to no dialog of ours: who serves it, and what is refused at the door.

::

    Incoming ─▶ Reception ─▶ Arrivals (INVITE) · Registrations · Messages · Subscriptions
                        └─▶ OPTIONS answered here; 403, 405, 416, 420, 481, 501… with their reason

Everything that is let in is charged to the turnstile, so that overload is known before the next one.
"""

from dataclasses import dataclass
from typing import Final

from edge.arrival import Arrivals
from edge.error import Refusal
from edge.event.subscriptions import Subscriptions
from edge.ident import Random, tag
from edge.messages import Messages
from edge.overload.turnstile import CHALLENGED, Turnstile, weight
from edge.registration.register import Registrations
from edge.security.witness import Witness
from edge.sip.build import response_to
from edge.sip.capability import AGENT, ALLOW, CAPABILITIES, unserved
from edge.sip.effect import ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.strict_route import meant
from edge.sip.transaction.layer import TransactionLayer
from edge.unservable import unservable

_INSIDE: Final = frozenset(("BYE", "INFO", "PRACK", "UPDATE"))
"Meaningless outside of a dialog (RFC 3261 §15.1.2, RFC 3262 §3, RFC 3311 §5.2, RFC 6086 §4.2.2)."
_NO_DIALOG: Final = Refusal(
    "no_such_dialog", 481, "there is no such dialog, or it is over", "place a new call"
)
_NO_CALL: Final = Refusal(
    "no_call", 403, "only a call that is up can be transferred", "send REFER in its dialog"
)


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
        request = meant(request)
        if request.to.tag and request.method != "REGISTER":  # some phones keep our tag
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
                self.respond(key, request, status, now, CAPABILITIES)
            case _:
                self.witness.probed(request, flow, now)
                if method in _INSIDE:
                    self.unknown(request, key, now)
                elif method == "REFER":
                    self.respond(key, request, _NO_CALL.status, now, _NO_CALL.headers())
                else:
                    self.respond(key, request, unserved(method), now)

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

"""The transaction layer (RFC 3261 §17, RFC 6026): every transaction of the edge behind five doors.

::

    transport ── receive_request, receive_response, unreachable ──▶ ┐
    user ─────── request, send_ack, cancel, respond ──────────────▶ │ TransactionLayer
    clock ────── handle_timer(now) ──────────────────────────────▶ ┘
    take_effects() ──▶ Send (to the transport), Incoming, Cancelled, Answer, Failed… (to the user)

Inside, `client.py` and `server.py` share nothing but the list of effects and the deadline. 100
Trying is sent for the user when it has not answered an INVITE within 200 ms: mostly it has, and
then neither a message is built nor a packet sent.
"""

from collections.abc import Callable, Iterable

from edge.sip.effect import ClientKey, Effect, ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.client import ClientTransactions
from edge.sip.transaction.deadline import NEVER, Deadline
from edge.sip.transaction.server import ServerTransactions


class TransactionLayer:
    """Does one thing at a time; drain `take_effects` after each and arm `next_timer_at`.

    Args:
        new_branch: a fresh branch, beginning with `z9hG4bK`, that nobody can guess.
        sent_by: `host[:port]` of ours that a response on this flow should be sent to.
        limit: live transactions of peers, beyond which new requests get 503; and as many
            finished ones of either side, of 1 KiB on average, beyond which the oldest is
            forgotten early.
    """

    def __init__(
        self,
        values: TimerValues,
        new_branch: Callable[[], str],
        sent_by: Callable[[Flow], str],
        limit: int,
    ) -> None:
        self._effects: list[Effect] = []
        self._deadline = Deadline()
        self._client = ClientTransactions(values, new_branch, sent_by, limit, self._effects, self._deadline)
        self._server = ServerTransactions(values, limit, self._effects, self._deadline)

    def __len__(self) -> int:
        """Transactions, live and finished ones."""
        return len(self._client) + len(self._server)

    @property
    def live(self) -> int:
        """Transactions that are neither finished nor only waiting for copies."""
        return self._client.live + self._server.live

    def holds(self, identity: str, method: str) -> bool:
        """Whether a request of this identity is a copy of one that was let in."""
        return self._server.holds(identity, method)

    # From the transport.

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        """A request that came by `flow`; its top Via gets `received` and `rport` before it goes up."""
        self._server.receive(request, flow, now)

    def receive_response(self, response: Response, flow: Flow, now: float) -> None:
        """A response; it is matched by our branch, from wherever it came."""
        self._client.receive(response, now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """Nothing can be sent to `flow`: every request on it that has no final response fails.

        `flow` must equal the one that was given to `request`.
        """
        self._client.unreachable(flow, now)

    def closed(self, flow: Flow, now: float) -> None:
        """The connection that served `flow` is gone.

        Where `flow` is a place to dial, what nobody has answered yet is sent there once more: it may have
        crossed the end of an idle connection. All else fails.
        """
        self._client.closed(flow, now)

    # From the user.

    def request(self, request: Request, flow: Flow, now: float) -> ClientKey:
        """Send a copy of `request`, which is neither ACK nor CANCEL, with our Via on top."""
        return self._client.request(request, flow, now)

    def send_ack(self, request: Request, flow: Flow, now: float) -> None:
        """Send the ACK for a 2xx; `request` gets our Via, so that sent again it is the very same ACK."""
        self._client.send_ack(request, flow)

    def cancel(self, key: ClientKey, now: float, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Cancel the INVITE `key` (§9.1); after its final response this is void.

        The CANCEL waits for a provisional response. The end is an `Answer`, mostly 487, or a 2xx
        that was faster, or `Failed` 64·T1 after the CANCEL.
        """
        self._client.cancel(key, now, headers)

    def respond(self, key: ServerKey, response: Response, now: float) -> None:
        """Send `response`; one that comes after a final response is dropped, but for 2xx to INVITE.

        A 2xx to an INVITE is not sent again here: do so by calling this again until the ACK comes.
        """
        self._server.respond(key, response, now)

    def follow(self, key: ServerKey, flow: Flow) -> None:
        """Answer the INVITE `key` on `flow` from now on: its caller is there."""
        self._server.follow(key, flow)

    def refuse(
        self,
        request: Request,
        flow: Flow,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        reason: str | None = None,
    ) -> None:
        """Answer without a transaction, each copy anew: for floods, and requests that are half parsed."""
        self._server.refuse(request, flow, status, headers, reason)

    # From the clock.

    def handle_timer(self, now: float) -> None:
        """Do everything that is due at `now` [s]."""
        self._client.handle_timer(now)
        self._server.handle_timer(now)
        times = (self._client.next_timer_at(), self._server.next_timer_at())
        self._deadline.at = min((at for at in times if at is not None), default=NEVER)

    def next_timer_at(self) -> float | None:
        """When `handle_timer` must next be called [s], or `None`.

        Never too late; too early after a timer was stopped, and then the call does nothing.
        """
        at = self._deadline.at
        return None if at == NEVER else at

    def take_effects(self) -> list[Effect]:
        """Effects since the last call, oldest first."""
        if not self._effects:
            return []
        effects = self._effects[:]
        self._effects.clear()
        return effects

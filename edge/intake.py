"""What came off the wire, on its way to the transactions: parsed, let in, and noted in its call's trace.

Whatever was read together is done in stages: all of it is parsed before the first is handed on, and all is
handed on before the first is answered. So the same code runs in a row, out of the core's own caches, where
message by message it would be fetched anew; that is a quarter of what a call costs (`scripts/bench calls`).
Whatever follows the message that begins a call waits until that is settled, being part of the call.
"""

from collections.abc import Callable, Sequence

from config.schema import SipLimits
from edge.faults import Faults
from edge.security.witness import Witness
from edge.sessions import SessionTable
from edge.sip.flow import Flow, Received
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.sip.transaction.layer import TransactionLayer
from edge.trace.logbook import Logbook


class Intake:
    """
    Args:
        settle: carries on what the transactions say of what was handed on; never raises.
    """

    def __init__(
        self,
        layer: TransactionLayer,
        sessions: SessionTable,
        witness: Witness,
        logbook: Logbook,
        limits: SipLimits,
        settle: Callable[[float], None],
        faults: Faults,
    ) -> None:
        self._layer = layer
        self._sessions = sessions
        self._witness = witness
        self._logbook = logbook
        self._limits = limits
        self._settle = settle
        self._faults = faults

    def take(self, batch: Sequence[Received], now: float) -> None:
        """Messages in the order in which they came, which the turnstile has not turned away."""
        limits = self._limits
        messages = [parse_message(data, limits) for data, _ in batch]
        new: set[str] = set()
        for message, (data, flow) in zip(messages, batch, strict=True):
            if not isinstance(message, ParseError):
                call_id = message.call_id
                if self._sessions.traced(call_id) is None:
                    if call_id in new:
                        self._settle(now)
                        new.clear()
                    new.add(call_id)
            self._faults.spare(self._take, message, data, flow, now)

    def _take(self, message: Request | Response | ParseError, data: bytes, flow: Flow, now: float) -> None:
        if not self._witness.admits(message, len(data), flow, self._sessions, now):
            return
        if isinstance(message, ParseError):
            if message.request is not None and message.request.method != "ACK":
                self._malformed(message, message.request, flow)
            return
        self._logbook.received(message.call_id, data, flow, now)
        if isinstance(message, Request):
            self._layer.receive_request(message, flow, now)
        else:
            self._layer.receive_response(message, flow, now)

    def _malformed(self, error: ParseError, request: Request, flow: Flow) -> None:
        """Answer without a transaction: a copy is as malformed as the first (RFC 3261 §8.2.6.2)."""
        warning = ("Warning", f'399 tandem "{error.where}: {error.why}"')
        reason = f"Bad {error.where}" if error.status == 400 else None  # of others the status says it (§21.5)
        self._layer.refuse(request, flow, error.status, (warning,), reason)

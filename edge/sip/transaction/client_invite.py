"""INVITE client transaction: RFC 3261 §17.1.1, as updated by RFC 6026 §7.2, with CANCEL (§9.1).

`TABLE` below *is* the machine: Figure 5 of RFC 3261, the Accepted state, and two states for an
INVITE that we no longer want. Change behaviour there first.

COMPLETED and ACCEPTED only wait for copies, so the layer keeps no machine for them, just what
these rows need: the ACK to send again, or the leave to pass a 2xx up (`client.py`).
"""

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias, assert_never

from config.value import Enumeration
from edge.sip.effect import Answer, ClientKey, Effect, EndReason, Failed, Send
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import Timer, TimerTable, TimerValues
from edge.sip.transaction.hop_by_hop import ack_of_failure


class State(Enumeration):
    CALLING = enum.auto()
    WITHDRAWN = enum.auto()
    "As CALLING, but the user cancelled: the CANCEL waits for a provisional response (§9.1)."
    PROCEEDING = enum.auto()
    CANCELLING = enum.auto()
    "As PROCEEDING, with our CANCEL under way."
    COMPLETED = enum.auto()
    ACCEPTED = enum.auto()
    TERMINATED = enum.auto()


class Input(Enumeration):
    """What can happen to the transaction, besides a `Timer` firing."""

    PROVISIONAL = enum.auto()
    SUCCESS = enum.auto()
    FAILURE = enum.auto()
    CONNECTION_LOST = enum.auto()
    TRANSPORT_ERROR = enum.auto()
    CANCEL = enum.auto()


class Do(enum.Enum):
    """Actions of the table; `ClientInvite._do` says what each one means."""

    PASS_UP = enum.auto()
    RESEND = enum.auto()
    SEND_ACK = enum.auto()
    SEND_CANCEL = enum.auto()
    DOUBLE_A = enum.auto()
    STOP_A_B = enum.auto()
    START_CANCELLED = enum.auto()
    START_D = enum.auto()
    START_M = enum.auto()
    END = enum.auto()
    END_TIMEOUT = enum.auto()
    END_UNREACHABLE = enum.auto()


CALLING, WITHDRAWN, PROCEEDING, CANCELLING, COMPLETED, ACCEPTED, TERMINATED = State
Symbol: TypeAlias = Input | Timer
Row: TypeAlias = tuple[State, tuple[Do, ...]]

# fmt: off
TABLE: Final[Mapping[State, Mapping[Symbol, Row]]] = {
    CALLING: {
        Timer.A:               (CALLING,    (Do.RESEND, Do.DOUBLE_A)),
        Timer.B:               (TERMINATED, (Do.END_TIMEOUT,)),
        Input.PROVISIONAL:     (PROCEEDING, (Do.STOP_A_B, Do.PASS_UP)),
        Input.SUCCESS:         (ACCEPTED,   (Do.STOP_A_B, Do.PASS_UP, Do.START_M)),
        Input.FAILURE:         (COMPLETED,  (Do.STOP_A_B, Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        # Peers close what has been idle; it may not have been read (RFC 3261 §18.4).
        Input.CONNECTION_LOST: (CALLING,    (Do.RESEND,)),
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
        Input.CANCEL:          (WITHDRAWN,  ()),
    },
    WITHDRAWN: {
        Timer.A:               (WITHDRAWN,  (Do.RESEND, Do.DOUBLE_A)),
        Timer.B:               (TERMINATED, (Do.END_TIMEOUT,)),
        Input.PROVISIONAL:     (CANCELLING, (Do.STOP_A_B, Do.SEND_CANCEL, Do.START_CANCELLED, Do.PASS_UP)),
        Input.SUCCESS:         (ACCEPTED,   (Do.STOP_A_B, Do.PASS_UP, Do.START_M)),
        Input.FAILURE:         (COMPLETED,  (Do.STOP_A_B, Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
    },
    PROCEEDING: {
        Input.PROVISIONAL:     (PROCEEDING, (Do.PASS_UP,)),
        Input.SUCCESS:         (ACCEPTED,   (Do.PASS_UP, Do.START_M)),
        Input.FAILURE:         (COMPLETED,  (Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        # §17.1.1.2 knows no transport error here; without the connection no final response comes.
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
        Input.CANCEL:          (CANCELLING, (Do.SEND_CANCEL, Do.START_CANCELLED)),
    },
    CANCELLING: {
        Timer.CANCELLED:       (TERMINATED, (Do.END_TIMEOUT,)),
        Input.PROVISIONAL:     (CANCELLING, (Do.PASS_UP,)),
        Input.SUCCESS:         (ACCEPTED,   (Do.PASS_UP, Do.START_M)),
        Input.FAILURE:         (COMPLETED,  (Do.SEND_ACK, Do.PASS_UP, Do.START_D)),
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
    },
    COMPLETED: {
        Timer.D:               (TERMINATED, (Do.END,)),
        Input.FAILURE:         (COMPLETED,  (Do.SEND_ACK,)),
    },
    ACCEPTED: {
        Timer.M:               (TERMINATED, (Do.END,)),
        # Every 2xx goes up: forked legs each need their own ACK from the user.
        Input.SUCCESS:         (ACCEPTED,   (Do.PASS_UP,)),
    },
    TERMINATED: {},
}
# fmt: on


class ClientInvite:
    """One INVITE on its way out.

    Anything the table does not list for the current state is a late or duplicate message and is
    dropped, as §17.1.1.2 asks.

    Args: effects: where to leave what it asks for.
    """

    __slots__ = (
        "_cancel", "_cancel_due", "_effects", "_interval_a", "_key", "_timers", "_values",
        "ack", "flow", "invite", "state",
    )  # fmt: skip

    def __init__(
        self,
        key: ClientKey,
        invite: Request,
        flow: Flow,
        values: TimerValues,
        effects: list[Effect],
        now: float,
    ) -> None:
        self.state = CALLING
        self.invite = invite
        self.flow = flow
        self.ack = b""
        "The ACK to a non-2xx, once there was one."
        self._cancel: Request | None = None
        self._cancel_due: Request | None = None
        self._key = key
        self._values = values
        self._effects = effects
        self._timers = TimerTable()
        self._interval_a = values.t1  # doubles after each retransmission [s]
        if not flow.reliable:
            self._timers.arm(Timer.A, now + self._interval_a)
        self._timers.arm(Timer.B, now + 64 * values.t1)
        effects.append(Send(invite.wire(), flow, key))

    def receive_response(self, response: Response, now: float) -> None:
        if response.status < 200:
            symbol = Input.PROVISIONAL
        elif response.status < 300:
            symbol = Input.SUCCESS
        else:
            symbol = Input.FAILURE
        self._step(symbol, response, now)

    def connection_lost(self, now: float) -> bool:
        """Send it again, by a new one, where nothing has been heard of it; False: it must fail."""
        if Input.CONNECTION_LOST not in TABLE[self.state]:
            return False
        self._step(Input.CONNECTION_LOST, None, now)
        return True

    def transport_failed(self, now: float) -> None:
        self._step(Input.TRANSPORT_ERROR, None, now)

    def withdraw(self, cancel: Request, now: float) -> None:
        """Have `cancel` sent as soon as §9.1 allows: then `take_cancel` returns it."""
        if Input.CANCEL in TABLE[self.state]:
            self._cancel = cancel
            self._step(Input.CANCEL, None, now)

    def take_cancel(self) -> Request | None:
        """The CANCEL whose own transaction is to start now, once; call after every other verb."""
        cancel, self._cancel_due = self._cancel_due, None
        return cancel

    def handle_timer(self, now: float) -> None:
        """Fire every timer due at `now` [s]."""
        while (timer := self._timers.pop_due(now)) is not None:
            self._step(timer, None, now)

    def next_timer_at(self) -> float | None:
        """When `handle_timer` must next be called [s], or `None`."""
        return self._timers.next_at()

    # The machine.

    def _step(self, symbol: Symbol, response: Response | None, now: float) -> None:
        row = TABLE[self.state].get(symbol)
        if row is None:
            return
        self.state, actions = row
        for action in actions:
            self._do(action, response, now)

    def _do(self, action: Do, response: Response | None, now: float) -> None:
        match action:
            case Do.PASS_UP:
                assert response is not None, "only response rows pass up"
                self._effects.append(Answer(self._key, response))
            case Do.RESEND:
                self._effects.append(Send(self.invite.wire(), self.flow, self._key))
            case Do.SEND_ACK:
                if not self.ack:
                    assert response is not None, "only response rows acknowledge"
                    self.ack = ack_of_failure(self.invite, response).wire()
                self._effects.append(Send(self.ack, self.flow, self._key))
            case Do.SEND_CANCEL:
                self._cancel_due, self._cancel = self._cancel, None
            case Do.DOUBLE_A:
                self._interval_a *= 2
                self._timers.arm(Timer.A, now + self._interval_a)
            case Do.STOP_A_B:
                self._timers.cancel(Timer.A, Timer.B)
            case Do.START_CANCELLED:
                self._timers.arm(Timer.CANCELLED, now + 64 * self._values.t1)
            case Do.START_D:
                self._timers.arm(Timer.D, now + (0.0 if self.flow.reliable else self._values.d))
            case Do.START_M:
                self._timers.arm(Timer.M, now + 64 * self._values.t1)
            case Do.END:
                self._timers.clear()
            case Do.END_TIMEOUT:
                self._fail(EndReason.TIMEOUT)
            case Do.END_UNREACHABLE:
                self._fail(EndReason.UNREACHABLE)
            case _:
                assert_never(action)

    def _fail(self, reason: EndReason) -> None:
        self._timers.clear()
        self._effects.append(Failed(self._key, reason))

"""Non-INVITE client transaction: RFC 3261 §17.1.2; a CANCEL of ours is one too (§9.1).

`TABLE` below *is* the machine, Figure 6. COMPLETED only drops copies of the final response, which
is also what happens to a response that matches nothing: the layer keeps nothing for it.
"""

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias, assert_never

from config.value import Enumeration
from edge.sip.effect import Answer, ClientKey, Effect, EndReason, Failed, Send
from edge.sip.flow import Flow
from edge.sip.message import Response
from edge.sip.timer import Timer, TimerTable, TimerValues


class State(Enumeration):
    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()
    TERMINATED = enum.auto()


class Input(Enumeration):
    """What can happen to the transaction, besides a `Timer` firing."""

    PROVISIONAL = enum.auto()
    FINAL = enum.auto()
    CONNECTION_LOST = enum.auto()
    TRANSPORT_ERROR = enum.auto()


class Do(enum.Enum):
    """Actions of the table; `ClientRequest._do` says what each one means."""

    PASS_UP = enum.auto()
    RESEND = enum.auto()
    DOUBLE_E = enum.auto()
    E_AT_T2 = enum.auto()
    STOP_E_F = enum.auto()
    START_K = enum.auto()
    END = enum.auto()
    END_TIMEOUT = enum.auto()
    END_UNREACHABLE = enum.auto()


TRYING, PROCEEDING, COMPLETED, TERMINATED = State
Symbol: TypeAlias = Input | Timer
Row: TypeAlias = tuple[State, tuple[Do, ...]]

# fmt: off
TABLE: Final[Mapping[State, Mapping[Symbol, Row]]] = {
    TRYING: {
        Timer.E:               (TRYING,     (Do.RESEND, Do.DOUBLE_E)),
        Timer.F:               (TERMINATED, (Do.END_TIMEOUT,)),
        Input.PROVISIONAL:     (PROCEEDING, (Do.PASS_UP,)),
        Input.FINAL:           (COMPLETED,  (Do.STOP_E_F, Do.PASS_UP, Do.START_K)),
        # Peers close what has been idle; it may not have been read (RFC 3261 §18.4).
        Input.CONNECTION_LOST: (TRYING,     (Do.RESEND,)),
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
    },
    PROCEEDING: {
        Timer.E:               (PROCEEDING, (Do.RESEND, Do.E_AT_T2)),
        Timer.F:               (TERMINATED, (Do.END_TIMEOUT,)),
        Input.PROVISIONAL:     (PROCEEDING, (Do.PASS_UP,)),
        Input.FINAL:           (COMPLETED,  (Do.STOP_E_F, Do.PASS_UP, Do.START_K)),
        Input.TRANSPORT_ERROR: (TERMINATED, (Do.END_UNREACHABLE,)),
    },
    COMPLETED: {
        Timer.K:               (TERMINATED, (Do.END,)),
    },
    TERMINATED: {},
}
# fmt: on


class ClientRequest:
    """One request other than INVITE and ACK on its way out.

    Anything the table does not list for the current state is a late or duplicate message: dropped.

    Args:
        data: the request, with our Via.
        effects: where to leave what it asks for.
        quiet: the user hears nothing of it: our CANCEL, whose outcome is that of the INVITE.
    """

    __slots__ = ("_data", "_effects", "_interval_e", "_key", "_quiet", "_timers", "_values", "flow", "state")

    def __init__(
        self,
        key: ClientKey,
        data: bytes,
        flow: Flow,
        values: TimerValues,
        effects: list[Effect],
        now: float,
        *,
        quiet: bool = False,
    ) -> None:
        self.state = TRYING
        self.flow = flow
        self._key = key
        self._data = data
        self._values = values
        self._effects = effects
        self._quiet = quiet
        self._timers = TimerTable()
        self._interval_e = values.t1  # grows up to T2 [s]
        if not flow.reliable:
            self._timers.arm(Timer.E, now + self._interval_e)
        self._timers.arm(Timer.F, now + 64 * values.t1)
        effects.append(Send(data, flow, key))

    def receive_response(self, response: Response, now: float) -> None:
        self._step(Input.PROVISIONAL if response.status < 200 else Input.FINAL, response, now)

    def connection_lost(self, now: float) -> bool:
        """Send it again, by a new one, where nothing has been heard of it; False: it must fail."""
        if Input.CONNECTION_LOST not in TABLE[self.state]:
            return False
        self._step(Input.CONNECTION_LOST, None, now)
        return True

    def transport_failed(self, now: float) -> None:
        self._step(Input.TRANSPORT_ERROR, None, now)

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
                if not self._quiet:
                    self._effects.append(Answer(self._key, response))
            case Do.RESEND:
                self._effects.append(Send(self._data, self.flow, self._key))
            case Do.DOUBLE_E:
                self._interval_e = min(2 * self._interval_e, self._values.t2)
                self._timers.arm(Timer.E, now + self._interval_e)
            case Do.E_AT_T2:
                self._timers.arm(Timer.E, now + self._values.t2)
            case Do.STOP_E_F:
                self._timers.cancel(Timer.E, Timer.F)
            case Do.START_K:
                self._timers.arm(Timer.K, now + (0.0 if self.flow.reliable else self._values.t4))
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
        if not self._quiet:
            self._effects.append(Failed(self._key, reason))

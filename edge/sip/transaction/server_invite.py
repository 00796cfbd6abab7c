"""INVITE server transaction: RFC 3261 §17.2.1, as updated by RFC 6026 §7.1.

`TABLE` below *is* the machine: Figure 7 plus the Accepted state. Change behaviour there first.

CONFIRMED and ACCEPTED only wait for copies, so the layer keeps no machine for them, just what
these rows need: that an ACK is absorbed, or the flow that a 2xx takes (`server.py`).
"""

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias, assert_never

from config.value import Enumeration
from edge.sip.build import response_to
from edge.sip.effect import Effect, Incoming, Send, ServerKey, Unacknowledged
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import Timer, TimerTable, TimerValues


class State(Enumeration):
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()
    CONFIRMED = enum.auto()
    ACCEPTED = enum.auto()
    TERMINATED = enum.auto()


class Input(Enumeration):
    """What can happen to the transaction, besides a `Timer` firing."""

    INVITE = "a copy of the request"
    ACK = "the ACK with the INVITE's branch"
    PROVISIONAL = "the user sends 1xx"
    SUCCESS = "the user sends 2xx"
    FAILURE = "the user sends 3xx-6xx"


class Do(enum.Enum):
    """Actions of the table; `ServerInvite._do` says what each one means."""

    SEND = enum.auto()
    SEND_TRYING = enum.auto()
    RESEND = enum.auto()
    PASS_UP_ACK = enum.auto()
    STOP_TRYING = enum.auto()
    START_G_H = enum.auto()
    DOUBLE_G = enum.auto()
    STOP_G_H = enum.auto()
    START_I = enum.auto()
    START_L = enum.auto()
    END = enum.auto()
    END_UNACKNOWLEDGED = enum.auto()


PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED = State
Symbol: TypeAlias = Input | Timer
Row: TypeAlias = tuple[State, tuple[Do, ...]]

# fmt: off
TABLE: Final[Mapping[State, Mapping[Symbol, Row]]] = {
    PROCEEDING: {
        Timer.TRYING:      (PROCEEDING, (Do.SEND_TRYING,)),
        Input.INVITE:      (PROCEEDING, (Do.RESEND,)),
        Input.PROVISIONAL: (PROCEEDING, (Do.STOP_TRYING, Do.SEND)),
        Input.SUCCESS:     (ACCEPTED,   (Do.STOP_TRYING, Do.SEND, Do.START_L)),
        Input.FAILURE:     (COMPLETED,  (Do.STOP_TRYING, Do.SEND, Do.START_G_H)),
    },
    COMPLETED: {
        Timer.G:           (COMPLETED,  (Do.RESEND, Do.DOUBLE_G)),
        Timer.H:           (TERMINATED, (Do.END_UNACKNOWLEDGED,)),
        Input.INVITE:      (COMPLETED,  (Do.RESEND,)),
        Input.ACK:         (CONFIRMED,  (Do.STOP_G_H, Do.START_I)),
    },
    CONFIRMED: {
        Timer.I:           (TERMINATED, (Do.END,)),
    },
    ACCEPTED: {
        Timer.L:           (TERMINATED, (Do.END,)),
        # The user sends its 2xx again until the ACK comes (§13.3.1.4).
        Input.SUCCESS:     (ACCEPTED,   (Do.SEND,)),
        Input.ACK:         (ACCEPTED,   (Do.PASS_UP_ACK,)),
    },
    TERMINATED: {},
}
# fmt: on


class ServerInvite:
    """One INVITE that came in.

    Anything the table does not list for the current state is dropped: a copy that wants no
    answer, or a user's response that lost a race.

    Args:
        invite: its top Via already has `received` and `rport`.
        flow: the way of its responses.
        effects: where to leave what it asks for.
        merge_id: what a merged copy of it would share (§8.2.2.2), for the layer.
    """

    __slots__ = (
        "_data", "_effects", "_interval_g", "_key", "_timers", "_values",
        "flow", "invite", "last", "merge_id", "promised_tag", "state",
    )  # fmt: skip

    def __init__(
        self,
        key: ServerKey,
        invite: Request,
        flow: Flow,
        values: TimerValues,
        effects: list[Effect],
        now: float,
        merge_id: str = "",
    ) -> None:
        self.state = PROCEEDING
        self.invite = invite
        self.flow = flow
        self.merge_id = merge_id
        self.last: Response | None = None
        "The latest response sent."
        self.promised_tag = ""
        "Told as ours to a CANCEL: what a refusal has to say."
        self._data = b""
        self._key = key
        self._values = values
        self._effects = effects
        self._timers = TimerTable()
        self._interval_g = values.t1  # grows up to T2 [s]
        self._timers.arm(Timer.TRYING, now + values.trying)

    @property
    def to_tag(self) -> str:
        """Of the latest response; empty while that is none, or 100."""
        return "" if self.last is None else self.last.to.tag

    def receive_invite(self, now: float) -> None:
        """A copy of the INVITE."""
        self._step(Input.INVITE, None, now)

    def gives_way_to(self, invite: Request) -> bool:
        """Whether this INVITE, though it has our branch, is a new one.

        §8.1.1.7 wants a new branch for each; some libraries keep it for the second round of a challenge, or
        begin with the same at each start.
        """
        ours = self.invite
        newer = invite.cseq.number > ours.cseq.number or invite.from_.tag != ours.from_.tag
        return self.state is COMPLETED and newer

    def receive_ack(self, ack: Incoming, now: float) -> None:
        self._step(Input.ACK, ack, now)

    def respond(self, response: Response, now: float) -> None:
        if response.status < 200:
            symbol = Input.PROVISIONAL
        elif response.status < 300:
            symbol = Input.SUCCESS
        else:
            symbol = Input.FAILURE
        self._step(symbol, response, now)

    def handle_timer(self, now: float) -> None:
        """Fire every timer due at `now` [s]."""
        while (timer := self._timers.pop_due(now)) is not None:
            self._step(timer, None, now)

    def next_timer_at(self) -> float | None:
        """When `handle_timer` must next be called [s], or `None`."""
        return self._timers.next_at()

    # The machine.

    def _step(self, symbol: Symbol, subject: Response | Incoming | None, now: float) -> None:
        row = TABLE[self.state].get(symbol)
        if row is None:
            return
        self.state, actions = row
        for action in actions:
            self._do(action, subject, now)

    def _do(self, action: Do, subject: Response | Incoming | None, now: float) -> None:
        match action:
            case Do.SEND:
                assert isinstance(subject, Response), "only rows of the user's responses send"
                self._send(subject)
            case Do.SEND_TRYING:
                self._send(response_to(self.invite, 100))
            case Do.RESEND:
                if self._data:
                    self._effects.append(Send(self._data, self.flow, self._key))
            case Do.PASS_UP_ACK:
                assert isinstance(subject, Incoming), "only an ACK is passed up"
                self._effects.append(subject)
            case Do.STOP_TRYING:
                self._timers.cancel(Timer.TRYING)
            case Do.START_G_H:
                if not self.flow.reliable:
                    self._timers.arm(Timer.G, now + self._interval_g)
                self._timers.arm(Timer.H, now + 64 * self._values.t1)
            case Do.DOUBLE_G:
                self._interval_g = min(2 * self._interval_g, self._values.t2)
                self._timers.arm(Timer.G, now + self._interval_g)
            case Do.STOP_G_H:
                self._timers.cancel(Timer.G, Timer.H)
            case Do.START_I:
                self._timers.arm(Timer.I, now + (0.0 if self.flow.reliable else self._values.t4))
            case Do.START_L:
                self._timers.arm(Timer.L, now + 64 * self._values.t1)
            case Do.END:
                self._timers.clear()
            case Do.END_UNACKNOWLEDGED:
                self._timers.clear()
                self._effects.append(Unacknowledged(self._key))
            case _:
                assert_never(action)

    def _send(self, response: Response) -> None:
        if self.promised_tag and response.status >= 300:
            response.headers.set("To", str(response.to.with_tag(self.promised_tag)))
        self.last = response
        self._data = response.wire()
        self._effects.append(Send(self._data, self.flow, self._key))

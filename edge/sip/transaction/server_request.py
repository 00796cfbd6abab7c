"""Non-INVITE server transactions: RFC 3261 §17.2.2, RFC 4320 §4.2.

`TABLE` below is the machine, Figure 8. `ServerRequests` runs it without an object for each
transaction: at thousands of REGISTERs a second, what a transaction remembers is one entry in the
table of its state, so that moving it to another state *is* the transition. The test walks every
path through both.

A request that the user leaves unanswered for 64·T1 is forgotten: its sender has given up by then
and RFC 4320 §4.2 forbids answering it any more.
"""

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from config.value import Enumeration
from edge.sip.effect import Effect, Send, ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import Timer, TimerValues
from edge.sip.transaction.ageing import Ageing
from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.wheel import ByteWheel


class State(Enumeration):
    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()
    TERMINATED = enum.auto()


class Input(Enumeration):
    """What can happen to the transaction, besides a `Timer` firing."""

    REQUEST = "a copy of the request"
    PROVISIONAL = "the user sends 1xx"
    FINAL = "the user sends 2xx-6xx"


class Do(enum.Enum):
    """Actions of the table."""

    SEND = enum.auto()
    RESEND = enum.auto()
    START_J = enum.auto()
    "64·T1, but 0 on a reliable transport."


TRYING, PROCEEDING, COMPLETED, TERMINATED = State
Symbol: TypeAlias = Input | Timer
Row: TypeAlias = tuple[State, tuple[Do, ...]]

# fmt: off
TABLE: Final[Mapping[State, Mapping[Symbol, Row]]] = {
    TRYING: {
        Input.PROVISIONAL: (PROCEEDING, (Do.SEND,)),
        Input.FINAL:       (COMPLETED,  (Do.SEND, Do.START_J)),
    },
    PROCEEDING: {
        Input.REQUEST:     (PROCEEDING, (Do.RESEND,)),
        Input.PROVISIONAL: (PROCEEDING, (Do.SEND,)),
        Input.FINAL:       (COMPLETED,  (Do.SEND, Do.START_J)),
    },
    COMPLETED: {
        Timer.J:           (TERMINATED, ()),
        Input.REQUEST:     (COMPLETED,  (Do.RESEND,)),
    },
    TERMINATED: {},
}
# fmt: on


class ServerRequests:
    """All non-INVITE server transactions of the layer.

    Args:
        limit: of completed ones; above it the oldest is forgotten before its timer J.
        effects: where to leave what they ask for.
    """

    __slots__ = ("_completed", "_effects", "_open")

    def __init__(self, values: TimerValues, limit: int, effects: list[Effect], deadline: Deadline) -> None:
        life = 64 * values.t1
        self._effects = effects
        # TRYING and PROCEEDING: the way of responses, and the latest one, or nothing.
        self._open: Ageing[tuple[Flow, bytes]] = Ageing(life, deadline)
        self._completed = ByteWheel(life, limit, deadline)

    def __len__(self) -> int:
        return self.live + len(self._completed)

    @property
    def live(self) -> int:
        """Those that the user has yet to answer."""
        return len(self._open)

    def absorb(self, key: ServerKey, flow: Flow, request: Request) -> bool:
        """Whether `key` is known, so that `request` is a copy; the copy is answered here.

        Args: flow: the way of responses to this copy.
        """
        data = self._completed.get(key)
        if data is not None and not _answers(data, request):
            # Scripts of peers keep the branch for the second round of a challenge, or for each request.
            self._completed.pop(key)
            return False
        if data is None:
            live = self._open.get(key)
            if live is None:
                return False
            data = live[1]
        if data:
            self._effects.append(Send(data, flow, key))
        return True

    def holds(self, key: ServerKey) -> bool:
        return key in self._open or key in self._completed

    def open(self, key: ServerKey, flow: Flow, now: float) -> None:
        """Begin a transaction whose responses take `flow`."""
        self._open.put(key, (flow, b""), now)

    def respond(self, key: ServerKey, response: Response, now: float) -> None:
        """Send the user's response; one to a transaction with a final response is dropped."""
        live = self._open.pop(key)
        if live is None:
            return
        flow = live[0]
        data = response.wire()
        self._effects.append(Send(data, flow, key))
        if response.status < 200:
            self._open.put(key, (flow, data), now)
        elif not flow.reliable:
            self._completed.put(key, data, now)

    def expire(self, now: float) -> None:
        self._open.expire(now)
        self._completed.expire(now)

    def next_at(self) -> float | None:
        """When `expire` has something to do [s], or `None`."""
        times = (self._open.next_at(), self._completed.next_at())
        return min((at for at in times if at is not None), default=None)


def _answers(data: bytes, request: Request) -> bool:
    """Whether this response has From and CSeq of `request`, as `response_to` has copied them."""
    copied = (f"\r\n{name}: {request.headers.get(name)}\r\n" for name in ("From", "CSeq"))
    return all(line.encode("utf-8", "surrogateescape") in data for line in copied)

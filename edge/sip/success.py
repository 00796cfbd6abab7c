"""Our 2xx to an INVITE: sent again at T1, 2·T1 … T2 until its ACK, 64·T1 at most (RFC 3261 §13.3.1.4)."""

from collections.abc import Callable

from edge.agenda import Agenda, Alarm
from edge.sip.effect import ServerKey
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer


class Success:
    """Of one session, which has one at a time."""

    def __init__(self, layer: TransactionLayer, agenda: Agenda, timers: TimerValues) -> None:
        self.owed = False
        "The latest one made an offer, so that its ACK brings the answer."
        self._layer = layer
        self._agenda = agenda
        self._timers = timers
        self._give_up: Callable[[float], None] | None = None
        self._sent: tuple[ServerKey, Response] | None = None
        self._resend: Alarm | None = None
        self._end: Alarm | None = None

    @property
    def pending(self) -> bool:
        return self._sent is not None

    def send(
        self,
        key: ServerKey,
        request: Request,
        response: Response,
        now: float,
        give_up: Callable[[float], None],
    ) -> None:
        """
        Args:
            request: the INVITE that `response`, a 2xx, answers.
            give_up: takes `now` when no ACK has come; the response is forgotten by then.
        """
        self._layer.respond(key, response, now)
        self._sent = (key, response)
        self._give_up = give_up
        self.owed = bool(response.body) and not request.body
        self._end = self._agenda.at(now + 64 * self._timers.t1, self._unacknowledged)
        self._resend_at(now, self._timers.t1)

    def is_acknowledged_by(self, ack: Request) -> bool:
        """False for a copy, and for the ACK of an earlier one."""
        return self._sent is not None and ack.cseq.number == self._sent[1].cseq.number

    def forget(self) -> None:
        self._sent = self._give_up = None
        for alarm in (self._resend, self._end):
            if alarm is not None:
                alarm.cancel()
        self._resend = self._end = None

    # Inside.

    def _resend_at(self, now: float, interval: float) -> None:
        def resend(at: float) -> None:
            if self._sent is not None:
                self._layer.respond(*self._sent, at)
                self._resend_at(at, min(2 * interval, self._timers.t2))

        self._resend = self._agenda.at(now + interval, resend)

    def _unacknowledged(self, now: float) -> None:
        give_up = self._give_up
        self.forget()
        if give_up is not None:
            give_up(now)

"""What transactions and sessions say, brought to whom it concerns, until nobody says more.

::

    transactions ─▶ hear ─┬─▶ a session ─ event ─▶ its call
                          ├─▶ who has asked outside of a dialog (`requests.py`)
                          ├─▶ who serves what begins (`reception.py`)
                          └─▶ the wire
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from edge.call.call import Call
from edge.faults import Faults
from edge.journal import CallId
from edge.reception import Reception
from edge.requests import Requests
from edge.sessions import SessionTable
from edge.sip import effect as said
from edge.sip.effect import (
    Answer,
    Cancelled,
    EndReason,
    Failed,
    Incoming,
    Send,
    ServerKey,
    Unacknowledged,
)
from edge.sip.flow import Flow
from edge.sip.message import Request
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent
from edge.sip.transaction.layer import TransactionLayer
from edge.trace.logbook import Logbook
from edge.unservable import not_understood


class Exchange:
    """
    Args:
        calls: live ones.
        send: takes what is for the wire.
    """

    def __init__(
        self,
        layer: TransactionLayer,
        sessions: SessionTable,
        logbook: Logbook,
        faults: Faults,
        calls: Mapping[CallId, Call],
        send: Callable[[Send], object],
    ) -> None:
        self._layer = layer
        self._sessions = sessions
        self._logbook = logbook
        self._faults = faults
        self._calls = calls
        self._send = send
        self._events: list[tuple[Session, SessionEvent]] = []
        self._requests: Requests
        self._reception: Reception

    def open(self, requests: Requests, reception: Reception) -> None:
        """Before the first message: who serves what belongs to no session."""
        self._requests = requests
        self._reception = reception

    def session_event(self, session: Session, event: SessionEvent, now: float) -> None:
        """Kept until the message that caused it is done with."""
        self._events.append((session, event))

    def carry(self, now: float) -> None:
        """All that was said, and what comes of it; what raises is held by `faults`."""
        self._tell(now)
        while effects := self._layer.take_effects():
            for effect in effects:
                self._faults.spare(self._hear, effect, now)
                self._tell(now)
        for call in self._sessions.retire():
            if call.id not in self._calls:
                self._logbook.finish(call)

    def _tell(self, now: float) -> None:
        """What sessions said goes to their calls, before another message changes the session again."""
        while self._events:
            events, self._events = self._events, []
            for session, event in events:
                if (call := self._sessions.call_of(session)) is not None:
                    self._faults.spare(call.receive_session, session, event, now)

    def _hear(self, effect: said.Effect, now: float) -> None:
        match effect:
            case Send():
                self._logbook.sent(effect, now)
                self._send(effect)
            case Incoming(request, flow, key):
                self._incoming(request, flow, key, now)
            case Answer(client, response):
                if not self._requests.answered(client, response, now):
                    self._sessions.answered(client, response, now)
            case Failed(client, reason):
                if not self._requests.failed(client, now):
                    self._sessions.failed(client, reason is EndReason.TIMEOUT, now)
            case Cancelled(key, request):
                self._sessions.cancelled(key, request.headers.get("Reason") or "", now)
            case Unacknowledged():
                pass  # the caller never confirmed our refusal: nothing hangs on it
            case _:
                assert_never(effect)

    def _incoming(self, request: Request, flow: Flow, key: ServerKey | None, now: float) -> None:
        session = self._sessions.inside(request, key, flow)
        key = None if request.method == "ACK" else key  # nobody answers it
        if session is not None:
            self._inside(session, request, flow, key, now)
        elif key is not None:  # else an ACK that belongs to nothing
            self._reception.receive(request, key, flow, now)

    def _inside(
        self, session: Session, request: Request, flow: Flow, key: ServerKey | None, now: float
    ) -> None:
        if not session.turns_to(request.from_.tag):
            if key is not None:
                self._reception.unknown(request, key, now)
            return
        refusal = not_understood(request)
        if refusal is not None and key is not None:
            self._reception.respond(key, request, refusal[0], now, refusal[1])
            return
        session.flow = flow  # a phone that changed its network or connection is reached where it is now
        call = self._sessions.call_of(session)
        if request.method == "MESSAGE" and key is not None and call is not None and session.confirmed:
            self._reception.messages.inside(request, key, session, call, now)
        else:
            session.receive(request, key, now)
        self._sessions.perhaps_done(session)

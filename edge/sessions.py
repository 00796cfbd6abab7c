"""The table of live sessions: by dialog, by transaction, by call.

A session leaves it when nothing of it is left on the wire, not when its call ends: a BYE of ours
may still be unanswered, or a copy of it on its way.
"""

from edge.call.call import Call
from edge.sip.answering import AnsweringSession
from edge.sip.calling import CallingSession
from edge.sip.effect import ClientKey, ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.refer import Replaces
from edge.sip.session import Session, State


class SessionTable:
    def __init__(self) -> None:
        self._calls: dict[Session, Call] = {}
        self._answers: dict[ClientKey, Session] = {}
        self._invites: dict[ServerKey, AnsweringSession] = {}
        self._dialogs: dict[tuple[str, str], Session] = {}  # by Call-ID and our tag
        self._waiting: dict[str, AnsweringSession] = {}  # by the id of its call, which lamps name
        self._traced: dict[str, Call] = {}  # by SIP Call-ID, which two calls may share
        self._streams: dict[int, set[AnsweringSession]] = {}  # by the connection that the INVITE came by
        self._ending: list[Session] = []  # perhaps

    def __len__(self) -> int:
        return len(self._calls)

    def own(self, session: Session, call: Call) -> None:
        """Events of this session are the call's."""
        self._calls[session] = call
        call.sessions.add(session)
        self._traced[session.call_id] = call
        if isinstance(session, AnsweringSession):
            self._invites[session.key] = session
            self._dialogs[session.call_id, session.tag] = session
            self._waiting[call.id] = session
            if not session.invite.from_.tag:
                self._dialogs[session.call_id, ""] = session
            if session.connection:
                self._streams.setdefault(session.connection, set()).add(session)

    def expect(self, key: ClientKey, session: Session) -> None:
        """Answers to the request `key` are this session's."""
        self._answers[key] = session

    def call_of(self, session: Session) -> Call | None:
        return self._calls.get(session)

    def traced(self, sip_call_id: str) -> Call | None:
        """The call whose trace shows messages with this Call-ID."""
        return self._traced.get(sip_call_id)

    @property
    def tracing(self) -> bool:
        return bool(self._traced)

    def cancelled(self, key: ServerKey, reason: str, now: float) -> None:
        """The caller takes back the INVITE `key`."""
        session = self._invites.get(key)
        if session is not None:
            session.cancelled(now, reason)

    def lost(self, flow: Flow, now: float) -> None:
        """The connection `flow` is gone, by which some call us and wait."""
        for session in self._callers(flow):
            session.lost_connection(now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """Nothing can be sent on `flow`."""
        for session in self._callers(flow):
            session.unreachable(now)

    def inside(self, request: Request, key: ServerKey | None, flow: Flow) -> Session | None:
        """The session whose dialog `request` names.

        An ACK that names none is that of INVITE `key`, whose branch it has: some libraries make up a To tag.
        Callers who have no tag themselves (RFC 2543) may leave out ours, too, when they hang up.
        """
        tag = request.to.tag
        session = self._dialogs.get((request.call_id, tag))
        if not tag and session is not None:
            hangs_up = request.method == "BYE" and flow.remote[0] == session.flow.remote[0]
            session = session if hangs_up else None
        if session is None and key is not None and request.method == "ACK":
            return self._invites.get(key)
        return session

    def replaced(self, replaces: Replaces) -> tuple[Session, Call] | None:
        """The session whose dialog a Replaces names (RFC 3891 §3), or that waits in the call it names."""
        waiting = self._waiting.get(replaces.call_id)
        if waiting is not None and not waiting.over:
            rung = self._calls[waiting]
            if waiting.state is State.INVITING or rung.treatment.rings(rung):
                return waiting, rung
        session = self._dialogs.get((replaces.call_id, replaces.to_tag))
        if session is None:
            return None
        if isinstance(session, CallingSession) and session.state is State.INVITING:
            if replaces.from_tag not in session.early:
                return None
        elif session.dialog is None or session.dialog.remote_tag != replaces.from_tag:
            return None
        call = self._calls.get(session)
        return None if call is None else (session, call)

    def answered(self, key: ClientKey, response: Response, now: float) -> None:
        session = self._answers.get(key)
        if session is None:
            return
        # Copies of a 2xx to an INVITE come again, each for its ACK.
        if response.status >= 300 or (response.status >= 200 and response.cseq.method != "INVITE"):
            del self._answers[key]
        session.receive_answer(response, key, now)
        if session.dialog is not None:
            self._dialogs[session.call_id, session.dialog.local_tag] = session
        elif isinstance(session, CallingSession) and session.early:
            self._dialogs[session.call_id, session.invite.from_.tag] = session
        self._ending.append(session)

    def failed(self, key: ClientKey, timeout: bool, now: float) -> None:
        session = self._answers.pop(key, None)
        if session is not None:
            session.failed(key, timeout, now)
            self._ending.append(session)

    def use(self, flow: Flow) -> bool:
        """Whether any session's requests go by `flow`."""
        return any(session.flow == flow for session in self._calls)

    def perhaps_done(self, *sessions: Session) -> None:
        self._ending.extend(sessions)

    def retire(self) -> list[Call]:
        """Forget sessions of which nothing is left; returns the calls that have none any more."""
        left: list[Call] = []
        while self._ending:
            session = self._ending.pop()
            call = self._calls.get(session)
            if call is None or not session.done:
                continue
            self._forget(session, call)
            if not call.sessions:
                left.append(call)
        return left

    def _callers(self, flow: Flow) -> list[AnsweringSession]:
        return [one for one in self._streams.get(flow.connection, ()) if one.flow == flow]

    def _forget(self, session: Session, call: Call) -> None:
        del self._calls[session]
        call.sessions.discard(session)
        if isinstance(session, AnsweringSession):
            self._invites.pop(session.key, None)
            self._dialogs.pop((session.call_id, session.tag), None)
            if not session.invite.from_.tag:
                self._dialogs.pop((session.call_id, ""), None)
            self._waiting.pop(call.id, None)
            others = self._streams.get(session.connection)
            if others is not None:
                others.discard(session)
                if not others:
                    del self._streams[session.connection]
        elif isinstance(session, CallingSession):
            # Of an early dialog, too, that a challenge has ended.
            self._dialogs.pop((session.call_id, session.invite.from_.tag), None)
        for key in session.keys:
            self._answers.pop(key, None)
        if self._traced.get(session.call_id) is call:
            del self._traced[session.call_id]

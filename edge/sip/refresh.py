"""Keeping a session alive, or finding out that it is not (RFC 4028 §7.4, §10; RFC 3261 §14.1 for glare).

::

    2xx to INVITE ─▶ agreed ─▶ [half time] UPDATE ─ 2xx ─▶ again
                                    │ not understood: re-INVITE with the SDP as it stands
                                    │ 481, 408, no answer: the peer has lost the call
                        [nothing by the end] ──────────────▶ the session is over
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.agenda import Alarm
from edge.sip.effect import ClientKey
from edge.sip.message import Message, Request, Response
from edge.sip.session_timer import SessionTimer

if TYPE_CHECKING:
    from edge.sip.session import Session

_GONE: Final = (408, 481)
_AGAIN_OWNER, _AGAIN_OTHER = 3.0, 1.0
"""After a 491 [s]; §14.1: who made the Call-ID waits 2.1 to 4 s, the other one up to 2 s, so that two who
crossed do not cross again."""
_TRIES: Final = 3


class Refresh:
    """The timer of one session and the one request of ours that may be under way for it."""

    def __init__(self, session: "Session", wish: int) -> None:
        self.timer = SessionTimer(wish)
        self.sdp = b""
        "The last description that we sent: what a re-INVITE repeats."
        self.owner = False
        "The Call-ID is ours."
        self._session = session
        self._key: ClientKey | None = None
        self._acked: tuple[ClientKey, Request] | None = None  # copies of its 2xx get the same ACK
        self._cseq = 0
        self._by_update = False
        self._tries = 0
        self._alarms: list[Alarm] = []

    @property
    def under_way(self) -> bool:
        return self._key is not None

    def agreed(self, peer: Message, now: float) -> None:
        """Timer and roles are settled by a 2xx; `peer` is what the other side sent for it."""
        self._by_update = "UPDATE" in [method.upper() for method in peer.headers.elements("Allow")]
        self._arm(now)

    def stop(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()

    def owns(self, key: ClientKey) -> bool:
        return key == self._key or (self._acked is not None and key == self._acked[0])

    def receive_answer(self, response: Response, key: ClientKey, now: float) -> None:
        status, session = response.status, self._session
        if status < 200:
            return
        if key != self._key:
            if self._acked is not None and status < 300:
                session.send_ack(self._acked[1], now)
            return
        self._key = None
        if response.cseq.method == "INVITE" and status < 300:
            self._acknowledge(response, key, now)
        if not session.confirmed:
            return
        if status < 300:
            self._tries = 0
            self.timer.learn(response)
            self._arm(now)
        elif status in _GONE:
            session.lost(now)
        elif status == 422 and self.timer.raise_to(response):
            self._refresh(now)
        elif status == 491 and self._tries < _TRIES:
            self._tries += 1
            self._at(now + self._again_after, self._refresh)
        elif self._by_update:
            self._by_update = False  # whatever it disliked, a re-INVITE is what everybody understands
            self._refresh(now)

    def failed(self, timeout: bool, now: float) -> None:
        self._key = None
        if self._session.confirmed:
            self._session.lost(now)

    # Inside.

    @property
    def _again_after(self) -> float:
        return _AGAIN_OWNER if self.owner else _AGAIN_OTHER

    def _acknowledge(self, response: Response, key: ClientKey, now: float) -> None:
        session, dialog = self._session, self._session.dialog
        assert dialog is not None, "a re-INVITE is sent inside a dialog"
        dialog.answered(response)
        ack = dialog.ack(self._cseq)
        self._acked = key, ack
        session.send_ack(ack, now)
        session.reanswered(response, now)

    def _arm(self, now: float) -> None:
        self.stop()
        after, end = self.timer.refresh_after, self.timer.end_after
        if after is not None:
            self._at(now + after, self._refresh)
        if end is not None:
            self._at(now + end, self._session.lost)

    def _at(self, when: float, act: Callable[[float], None]) -> None:
        self._alarms.append(self._session.wire.agenda.at(when, act))

    def _refresh(self, now: float) -> None:
        session, dialog = self._session, self._session.dialog
        if self._key is not None or dialog is None or not session.confirmed:
            return
        if session.negotiating:
            self._at(now + self._again_after, self._refresh)
            return
        headers = (("Supported", "timer"), *self.timer.ask())
        if self._by_update or not self.sdp:
            message = dialog.request("UPDATE", headers=headers)
        else:
            message = dialog.request("INVITE", headers=headers, body=self.sdp, content_type="application/sdp")
        self._cseq = message.cseq.number
        self._key = session.send(message, now)

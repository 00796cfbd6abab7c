"""Keeping a session alive, or finding out that it is not (RFC 4028 §7.4, §10; RFC 3261 §14.1 for glare).

::

    2xx to INVITE ─▶ agreed ─▶ [half time] UPDATE ─ 2xx ─▶ again
                                    │ not understood: re-INVITE with the SDP as it stands
                                    │ 491, Retry-After, any other refusal: again while there is time
                                    │ 481, 408, no answer: the peer has lost the call
                        [nothing by the end] ──────────────▶ the session is over
"""

import math
import weakref
from collections.abc import Callable
from typing import Final, Protocol

from edge.agenda import Agenda, Alarm
from edge.sip.dialog import Dialog
from edge.sip.inquiry import Inquiries
from edge.sip.message import Message, Response
from edge.sip.session_timer import SessionTimer

_GONE: Final = (408, 481)
_AGAIN_OWNER, _AGAIN_OTHER = 3.0, 1.0
"""After a 491 [s]; §14.1: who made the Call-ID waits 2.1 to 4 s, the other one up to 2 s, so that two who
crossed do not cross again."""
_TRIES: Final = 3
"Refusals in a row after which the peer's wish of when to try again no longer counts."
_SOON: Final = 1.0  # [s]


class Refreshed(Protocol):
    """The session that is kept alive."""

    inquiries: Inquiries
    dialog: Dialog | None

    @property
    def confirmed(self) -> bool: ...
    @property
    def negotiating(self) -> bool: ...
    def reanswered(self, response: Response, now: float) -> None: ...
    def lost(self, now: float) -> None: ...


class Refresh:
    """The timer of one session and the one request of ours that may be under way for it."""

    def __init__(self, session: Refreshed, agenda: Agenda, wish: int) -> None:
        self.timer = SessionTimer(wish)
        self.sdp = b""
        "The last description that we sent: what a re-INVITE repeats."
        self.owner = False
        "The Call-ID is ours."
        # Weak, as the session holds this: a circle would wait, with all it holds, for the collector.
        self._session: Refreshed = weakref.proxy(session)
        self._agenda = agenda
        self.under_way = False
        "A request of ours is not answered yet."
        self._by_update = False
        self._tries = 0
        self._end = math.inf  # when the session is given up
        self._alarms: list[Alarm] = []

    def agreed(self, peer: Message, now: float) -> None:
        """Timer and roles are settled by a 2xx; `peer` is what the other side sent for it."""
        allowed = [method.upper() for method in peer.headers.elements("Allow")]
        if allowed or peer.cseq.method != "UPDATE":  # who sends one, and says no more, knows it
            self._by_update = "UPDATE" in allowed
        self._arm(now)

    def stop(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()

    # Inside.

    def _answered(self, response: Response | None, now: float) -> None:
        self.under_way = False
        session = self._session
        if not session.confirmed:
            return
        if response is None or response.status in _GONE:
            session.lost(now)
        elif response.status < 300:
            self._tries = 0
            self.timer.learn(response)
            self._arm(now)
            if response.cseq.method == "INVITE":
                session.reanswered(response, now)
        else:
            self._refused(response, now)

    def _refused(self, response: Response, now: float) -> None:
        """The session goes on as it is until its time is up (RFC 3261 §14.1, RFC 4028 §10)."""
        self._tries += 1
        patient = self._tries <= _TRIES
        later = response.retry_after
        if patient and response.status == 422 and self.timer.raise_to(response):
            self._refresh(now)
        elif patient and response.status == 491:
            self._again(self._after_glare, now)
        elif patient and later is not None:
            self._again(max(later, _SOON), now)
        elif self._by_update:
            self._by_update = False  # whatever it disliked, a re-INVITE is what everybody understands
            self._refresh(now)
        else:
            self._again(math.inf, now)

    def _again(self, after: float, now: float) -> None:
        """In so many seconds, but at half of the time that is left at the latest."""
        after = min(after, (self._end - now) / 2)
        if after >= _SOON:
            self._at(now + after, self._refresh)

    @property
    def _after_glare(self) -> float:
        return _AGAIN_OWNER if self.owner else _AGAIN_OTHER

    def _arm(self, now: float) -> None:
        self.stop()
        after, end = self.timer.refresh_after, self.timer.end_after
        if after is not None:
            self._at(now + after, self._refresh)
        self._end = math.inf if end is None else now + end
        if end is not None:
            self._at(now + end, self._session.lost)

    def _at(self, when: float, act: Callable[[float], None]) -> None:
        self._alarms.append(self._agenda.at(when, act))

    def _refresh(self, now: float) -> None:
        session, dialog = self._session, self._session.dialog
        if self.under_way or dialog is None or not session.confirmed:
            return
        if session.negotiating:
            self._at(now + self._after_glare, self._refresh)
            return
        headers = (("Supported", "timer"), *self.timer.ask())
        if self._by_update or not self.sdp:
            message = dialog.request("UPDATE", headers=headers)
        else:
            message = dialog.request("INVITE", headers=headers, body=self.sdp, content_type="application/sdp")
        self.under_way = True
        session.inquiries.ask(message, dialog, now, self._answered)

"""Reliable provisional responses (RFC 3262): 1xx that are sent again until a PRACK says that they came.

::

    we answer:  progress ─▶ 183 RSeq=n, again at T1, 2·T1 … ─ PRACK ─▶ 200, then the next one
                                  │ no PRACK for 64·T1: 504                  └▶ the 2xx that waited
    we call:    183 RSeq=n ─▶ PRACK, once; copies and what comes out of order are dropped

A 2xx waits until a description in a 1xx has been acknowledged (§3). When we answer, every 1xx is reliable
if the caller requires it, and those with SDP if it merely can.
"""

import re
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.agenda import Agenda, Alarm
from edge.sdp.body import sdp_in
from edge.sip.dialog import Dialog
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues

OPTION: Final = "100rel"
QUEUED: Final = 8
"Provisional responses that wait for the PRACK of an earlier one; later ones are left out."
_RSEQ_MAX: Final = 2**31 - 1
_RSEQ: Final = re.compile(r"[0-9]{1,10}")
_RACK: Final = re.compile(r"([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]+([!-~]{1,32})")


def supports(request: Request) -> bool:
    return any(OPTION in _options(request, name) for name in ("Supported", "Require"))


def requires(request: Request) -> bool:
    return OPTION in _options(request, "Require")


class Reliable:
    """The 1xx of one INVITE that we answer."""

    def __init__(
        self,
        agenda: Agenda,
        timers: TimerValues,
        seed: str,
        send: Callable[[Response, float], None],
        give_up: Callable[[float], None],
    ) -> None:
        """
        Args:
            seed: something unguessable; the first RSeq is made of it (§3).
            send: puts a response on the wire.
            give_up: nobody acknowledges.
        """
        self._agenda = agenda
        self._timers = timers
        self._send = send
        self._give_up = give_up
        self._rseq = (zlib.crc32(seed.encode()) & 0x3FFF_FFFF) + 1
        self._pending: Response | None = None
        self._late: Response | None = None
        "Overtaken by the final response; its PRACK is on the way (RFC 3262 §3)."
        self._queue: deque[Response] = deque()
        self._alarms: list[Alarm] = []
        self.settled = False
        "A description went out in one that was acknowledged."

    @property
    def owes(self) -> bool:
        """A description is on its way, or waits to be: no 2xx before its PRACK."""
        waiting = [*self._queue] if self._pending is None else [self._pending, *self._queue]
        return any(response.body for response in waiting)

    def respond(self, response: Response, now: float) -> None:
        """Send it, or keep it until the one before is acknowledged."""
        if self._pending is None:
            self._transmit(response, now)
        elif len(self._queue) < QUEUED:
            self._queue.append(response)

    def acknowledged(self, prack: Request, now: float) -> bool:
        """Take a PRACK; False: it matches nothing that waits for one (481)."""
        match = _RACK.fullmatch((prack.headers.get("RAck") or "").strip())
        pending = self._pending or self._late
        if match is None or pending is None:
            return False
        number, method = pending.cseq
        if (int(match[1]), int(match[2]), match[3]) != (self._rseq, number, method):
            return False
        self.settled = self.settled or bool(pending.body)
        self._pending = self._late = None
        self._disarm()
        if self._queue:
            self._transmit(self._queue.popleft(), now)
        return True

    def stop(self) -> None:
        """A final response has been sent: nothing is repeated, and a PRACK that crossed it still counts."""
        self._late, self._pending = self._pending, None
        self._queue.clear()
        self._disarm()

    # Inside.

    def _transmit(self, response: Response, now: float) -> None:
        self._rseq += 1
        response.headers.set("RSeq", str(self._rseq))
        response.headers.set("Require", OPTION)
        self._pending = response
        self._alarms.append(self._agenda.at(now + 64 * self._timers.t1, self._unacknowledged))
        self._again(response, now, self._timers.t1)

    def _again(self, response: Response, now: float, interval: float) -> None:
        self._send(response, now)

        def again(at: float) -> None:
            if self._pending is response:
                self._again(response, at, 2 * interval)

        self._alarms.append(self._agenda.at(now + interval, again))

    def _unacknowledged(self, now: float) -> None:
        self.stop()
        self._give_up(now)

    def _disarm(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()


@dataclass(slots=True)
class _Early:
    """One branch of a fork."""

    rseq: int
    sdp: bytes = b""


class Pracks:
    """What the branches of one INVITE of ours say reliably."""

    def __init__(self) -> None:
        self._early: dict[str, _Early] = {}

    def receive(self, response: Response, dialog: Dialog | None) -> Request | Response | None:
        """What to make of a 1xx: a PRACK to send first, the response alone if nobody waits for one, or None
        for a copy and what came too early.

        Args:
            dialog: that it belongs to; None: it has no tag, or there are too many.
        """
        rseq = _rseq(response)
        tag = response.to.tag
        if rseq is None or not tag or OPTION not in _options(response, "Require"):
            return response
        if dialog is None:
            return None
        early = self._early.get(tag)
        if early is None:
            early = self._early[tag] = _Early(rseq)
        elif rseq != early.rseq + 1:
            return None
        early.rseq = rseq
        early.sdp = early.sdp or sdp_in(response) or b""
        cseq = response.cseq
        return dialog.request("PRACK", headers=(("RAck", f"{rseq} {cseq.number} {cseq.method}"),))

    def description(self, tag: str) -> bytes:
        """What that branch said reliably before its 2xx; empty: nothing."""
        early = self._early.get(tag)
        return b"" if early is None else early.sdp


def _rseq(response: Response) -> int | None:
    text = (response.headers.get("RSeq") or "").strip()
    if _RSEQ.fullmatch(text) is None:
        return None
    number = int(text)
    return number if 0 < number <= _RSEQ_MAX else None


def _options(message: Request | Response, name: str) -> list[str]:
    return [option.lower() for option in message.headers.elements(name)]

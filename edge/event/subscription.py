"""One subscription of a peer to something of ours: the notifier's machine (RFC 6665 §4.2).

::

    SUBSCRIBE ─▶ accept ─▶ 200, NOTIFY in full ─┬─ changed ─▶ NOTIFY, when the one before is answered
                                                ├─ SUBSCRIBE ─▶ refresh: 200, NOTIFY
                                                └─ expired, Expires 0, NOTIFY fails, user gone ─▶ terminated
"""

import enum
from collections.abc import Callable
from typing import Final

from config.value import dataclass
from edge.agenda import Alarm
from edge.sip.dialog import Dialog
from edge.sip.flow import Flow
from edge.sip.grammar import delta_seconds
from edge.sip.message import Request, Response

SHORTEST: Final = 60
LONGEST: Final = 3_600
"What is granted [s]."


class Package(enum.Enum):
    DIALOG = "dialog"
    PRESENCE = "presence"
    MESSAGE_SUMMARY = "message-summary"
    REG = "reg"


@dataclass(frozen=True, slots=True)
class State:
    """What a NOTIFY says of the thing itself."""

    content_type: str
    body: bytes
    same: bytes
    "Equal in reports that say the same, however much time went by; without a number."


class Subscription:
    def __init__(
        self,
        dialog: Dialog,
        flow: Flow,
        event: str,
        send: Callable[["Subscription", Request, float], None],
        describe: Callable[[int, float], State],
        version: int = 0,
    ) -> None:
        """
        Args:
            event: value of the Event header, id included.
            send: puts a NOTIFY on its way and comes back by `answered`.
            describe: the state as it is, given the number of the report, 0 for the first, and now.
            version: number of the first report.
        """
        self.dialog = dialog
        self.flow = flow
        self.over = False
        self.alarm: Alarm | None = None
        "Its expiry."
        self.expires_at = 0.0
        "0: not granted yet [s]."
        self.event = event
        self._send = send
        self._describe = describe
        self._version = version
        self._under_way = False
        self._dirty = False
        self._said: bytes | None = None

    def grant(self, seconds: int, now: float) -> None:
        """From a SUBSCRIBE: so long it lives from now, and the state is told; 0 ends it (§4.4.3)."""
        self.expires_at = now + seconds
        if seconds == 0:
            self.end("timeout", now)
        else:
            self._said = None
            self.changed(now)

    def changed(self, now: float) -> None:
        """The state may be another one; told once the SUBSCRIBE is answered (RFC 6665 §4.2.1)."""
        if self.over or not self.expires_at:
            return
        if self._under_way:
            self._dirty = True
            return
        self._dirty = False
        same = self._describe(0, now).same
        if same == self._said:
            return
        self._said = same
        left = max(round(self.expires_at - now), 0)
        self._notify(f"active;expires={left}", now)

    def answered(self, response: Response | None, now: float) -> float | None:
        """A NOTIFY of ours has its end; one that fails ends the subscription (§4.2.2).

        A watcher that asks for a moment by Retry-After gets it: after so many seconds it is `changed` anew.
        """
        self._under_way = False
        if response is not None and response.status < 300:
            if self._dirty:
                self.changed(now)
            return None
        wait = None if response is None else delta_seconds(response.headers.get("Retry-After") or "")
        if response is None or wait is None or response.status == 481 or self.over:
            self.over = True
            return None
        self._said = None
        return float(min(wait, SHORTEST))

    def end(self, reason: str, now: float) -> None:
        """Tell the state a last time. `reason`: of RFC 6665 §4.1.3."""
        if not self.over:
            self.over = True
            self._notify(f"terminated;reason={reason}", now)

    def _notify(self, subscription_state: str, now: float) -> None:
        state = self._describe(self._version, now)
        self._version += 1
        self._under_way = True
        request = self.dialog.request(
            "NOTIFY",
            headers=(("Event", self.event), ("Subscription-State", subscription_state)),
            body=state.body,
            content_type=state.content_type,
        )
        self._send(self, request, now)

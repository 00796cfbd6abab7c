"""Q.850 causes of calls that are over, for Reason headers and CDRs (RFC 3326, RFC 3398 §8.2.6.1)."""

import re
from typing import Final

from media import port

Q850: Final = {
    400: 111, 403: 21, 404: 1, 408: 102, 410: 22, 480: 18, 481: 111, 482: 25, 484: 28, 486: 17, 487: 127,
    488: 79, 500: 41, 501: 79, 503: 41, 504: 102, 600: 17, 603: 21, 604: 1, 606: 79,
}  # fmt: skip
"Of final statuses; 31, normal unspecified, for others."


ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
"To whom rings no longer: it counts no missed call."
TAKEN: Final = "taken_elsewhere"
_TAKEN = re.compile(r"(?i)\bSIP\s*;[^,]*\bcause\s*=\s*200\b")


def cancelled(reason: str) -> str:
    """Why a caller cancels, by its Reason: who forked the call to us may have another answer."""
    return TAKEN if _TAKEN.search(reason) else "caller_cancelled"


def reason_of(disposition: str, status: int, cause: str) -> str:
    """Reason header of the messages that end a call."""
    return ELSEWHERE if cause == TAKEN else f'Q.850;cause={q850(disposition, status)};text="{cause}"'


def lost(event: port.Event) -> str | None:
    """Why an event of a leg ends its call, if it does."""
    match event:
        case port.Silent():
            return "rtp_timeout"
        case port.Failed():
            return event.cause
    return None


def q850(disposition: str, status: int) -> int:
    """16, normal clearing, for a call that went well or that its caller ended; 41, temporary failure, for one
    that broke off.
    """
    if disposition == "cancelled":
        return 16  # RFC 3398 §8.2.6.1 on CANCEL
    if status < 300:
        return 16 if disposition == "answered" else 41
    return Q850.get(status, 31)

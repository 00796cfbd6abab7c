"""Session timers (RFC 4028): a call whose other end has gone ends, and one that lives is not torn down.

Either side refreshes, by UPDATE or re-INVITE, at half the interval; the other one hangs up when it hears
nothing until shortly before the end. Both roles are served. We ask for a timer in every INVITE of ours,
and agree to one in every INVITE that supports it; peers that do not know timers are left alone.
"""

import enum
from dataclasses import dataclass

from edge.sip.grammar import delta_seconds, parse_params
from edge.sip.message import Message, Request, Response

LEAST: int = 90
"The smallest interval that the RFC allows (§5) [s]."


class Refresher(enum.Enum):
    WE = "we"
    PEER = "the peer"
    NOBODY = "there is no timer"


@dataclass(slots=True)
class SessionTimer:
    """Of one session. After `agree` or `learn`, `seconds` and `refresher` say what holds."""

    wish: int
    "The interval that we ask for [s]."
    least: int = LEAST
    "The smallest that we accept [s]."
    seconds: int = 0
    refresher: Refresher = Refresher.NOBODY

    # We answer.

    def too_small(self, request: Request) -> tuple[tuple[str, str], ...] | None:
        """Headers of a 422 when the peer asks for less than we accept (§9)."""
        asked = interval(request)
        if asked is not None and asked < self.least and "timer" in _supported(request):
            return (("Min-SE", str(self.least)),)
        return None

    def agree(self, request: Request) -> tuple[tuple[str, str], ...]:
        """Headers of our 2xx to `request`, an INVITE or UPDATE; takes note of what they say (§9)."""
        if "timer" not in _supported(request):
            self.seconds, self.refresher = 0, Refresher.NOBODY
            return ()
        asked = interval(request)
        self.seconds = max(self.wish, min_se(request)) if asked is None else asked
        by_us = _refresher(request) == "uas"
        self.refresher = Refresher.WE if by_us else Refresher.PEER
        name = "uas" if by_us else "uac"
        return (("Session-Expires", f"{self.seconds};refresher={name}"), ("Require", "timer"))

    # We ask.

    def ask(self) -> tuple[tuple[str, str], ...]:
        """Headers of our INVITE, and of a refresh, which keeps the roles (§7.1, §7.4)."""
        if self.refresher is Refresher.NOBODY:
            return (("Session-Expires", str(self.wish)), ("Min-SE", str(self.least)))
        name = "uac" if self.refresher is Refresher.WE else "uas"
        seconds = max(self.seconds, self.least)
        return (("Session-Expires", f"{seconds};refresher={name}"), ("Min-SE", str(self.least)))

    def raise_to(self, response: Response) -> bool:
        """Take the Min-SE of a 422; False when it names none, and asking again is of no use (§7.3)."""
        wanted = min_se(response)
        if wanted <= self.least:
            return False
        self.least = wanted
        self.wish = max(self.wish, wanted)
        return True

    def learn(self, response: Response) -> None:
        """Take note of a 2xx to our INVITE or refresh (§7.2)."""
        given = interval(response)
        if given is None:
            self.seconds, self.refresher = 0, Refresher.NOBODY
            return
        self.seconds = max(given, self.least)
        self.refresher = Refresher.PEER if _refresher(response) == "uas" else Refresher.WE

    # Deadlines, from the last refresh on.

    @property
    def refresh_after(self) -> float | None:
        """When we refresh [s]; None: it is not for us."""
        return self.seconds / 2 if self.refresher is Refresher.WE else None

    @property
    def end_after(self) -> float | None:
        """When the session is given up for want of a refresh (§10) [s]; None: never."""
        if self.refresher is Refresher.NOBODY:
            return None
        return self.seconds - min(32.0, self.seconds / 3)


def interval(message: Message) -> int | None:
    """The seconds of Session-Expires; None when absent or unreadable."""
    text = message.headers.get("Session-Expires")
    return None if text is None else delta_seconds(text.partition(";")[0].strip())


def min_se(message: Message) -> int:
    text = message.headers.get("Min-SE")
    seconds = None if text is None else delta_seconds(text.partition(";")[0].strip())
    return LEAST if seconds is None else max(seconds, LEAST)


def _refresher(message: Message) -> str:
    text = message.headers.get("Session-Expires") or ""
    _, semicolon, rest = text.partition(";")
    try:
        params = parse_params(semicolon + rest, "Session-Expires")
    except ValueError:
        return ""
    return next(((value or "").lower() for name, value in params if name.lower() == "refresher"), "")


def _supported(request: Request) -> list[str]:
    return [o.lower() for name in ("Supported", "Require") for o in request.headers.elements(name)]

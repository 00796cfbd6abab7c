"""Forwarding rules of a user: where a call goes that the user will not or cannot take.

Do-not-disturb counts as busy, and so does a user who has as many calls as allowed.
"""

import enum

from config.value import dataclass
from edge.directory import User
from edge.error import Refusal

_BUSY = (486, 600, 603)
_UNREACHABLE = (404, 408, 410, 480, 500, 502, 503, 504)


class Why(enum.Enum):
    """Why a call is forwarded, in the words of Diversion (RFC 5806 §4)."""

    ALWAYS = "unconditional"
    BUSY = "user-busy"
    DO_NOT_DISTURB = "do-not-disturb"
    NO_ANSWER = "no-answer"
    UNREACHABLE = "unavailable"
    DEFLECTED = "deflection"


@dataclass(frozen=True, slots=True)
class Diversion:
    """One hop that a call has taken."""

    number: str
    "Of the user who forwarded it."
    domain: str
    why: Why


def forward_of(user: User, why: Why) -> str:
    """The number that the user's rules name; empty: none."""
    rules = user.forward
    match why:
        case Why.ALWAYS:
            return rules.always
        case Why.BUSY | Why.DO_NOT_DISTURB:
            return rules.busy
        case Why.NO_ANSWER:
            return rules.no_answer
        case Why.UNREACHABLE:
            return rules.unreachable
        case Why.DEFLECTED:
            return ""  # the phone has said where


def why_refused(refusal: Refusal) -> Why | None:
    """The rule that holds for a user whose phones said so; None: no rule does."""
    if refusal.status in _BUSY:
        return Why.BUSY
    return Why.UNREACHABLE if refusal.status in _UNREACHABLE else None

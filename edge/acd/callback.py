"""A caller who does not wait on the line: he keeps his place in the queue, and is called when his turn comes.

::

    promised ─▶ waiting ─▶ calling ─ answered ─▶ reached
                  ▲  │        └ in vain ─▶ resting ─▶ waiting … ─▶ unreached
                  │  └ the hours are over ─▶ closed ─▶ waiting
                  └ expired, withdrawn at any time before

What was promised is a keepsake: it is on disk before the caller hears so, and tries are counted there before
they are made, so that no crash makes a phone ring for ever.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.directory import AccountId
from edge.error import Refusal
from edge.journal import CallId, Keepsake

KIND: Final = "callback"
"Of its keepsake."
RETRY_MAX: Final = 86_400.0
"Tries are never further apart [s]."


class Stage(enum.StrEnum):
    WAITING = "waiting"
    "In line."
    CALLING = "calling"
    "An agent is rung, or the customer."
    RESTING = "resting"
    "Until `due_at`, after a try in vain."
    CLOSED = "closed"
    "It is none of the hours in which people are called."
    REACHED = "reached"
    UNREACHED = "unreached"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OVER: Final = frozenset({Stage.REACHED, Stage.UNREACHED, Stage.EXPIRED, Stage.WITHDRAWN})


@dataclass(slots=True)
class Callback:
    id: CallId
    account: AccountId
    queue: str
    number: str
    "As it is dialled."
    call: CallId
    "In which it was promised."
    promised_at: int
    "[ms UTC], as all times here."
    since: int
    "Waits since then."
    expires_at: int
    name: str = ""
    did: str = ""
    "Which he had called: shown to him."
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    tries: int = 0
    "In which the customer was dialled."
    due_at: int = 0
    "Not before."
    stage: Stage = Stage.WAITING
    why: str = ""
    "Of the last try in vain, or of the end."
    ended_at: int = 0
    calls: tuple[str, ...] = ()
    "Ids of the latest calls in which it was tried."

    @property
    def over(self) -> bool:
        return self.stage in OVER

    def keepsake(self, kept: float) -> Keepsake:
        """Args: kept: so long it is shown after its end [s]."""
        data: dict[str, object] = {
            "queue": self.queue,
            "number": self.number,
            "call": self.call,
            "promised_at": self.promised_at,
            "since": self.since,
            "expires_at": self.expires_at,
            "name": self.name,
            "did": self.did,
            "priority": self.priority,
            "skills": dict(self.skills),
            "tries": self.tries,
            "due_at": self.due_at,
            "stage": self.stage.value,
            "why": self.why,
            "ended_at": self.ended_at,
            "calls": list(self.calls),
        }
        last = self.ended_at or self.expires_at
        return Keepsake(KIND, self.id, self.account, last + round(kept * 1000), data)


Promised = Callable[[Callback | Refusal, float], None]
"Told (callback, now) once it is on disk, or why there is none."


def callback_of(kept: Keepsake) -> Callback | None:
    """As it was before the start; None for what no version of ours has written."""
    data = dict(kept.data)
    try:
        data["stage"] = Stage(str(data["stage"]))
        data["calls"] = tuple(data["calls"])  # type: ignore[arg-type]  # JSON of ours: a list
        found = Callback(CallId(kept.key), kept.account, **data)  # type: ignore[arg-type]  # likewise
    except (KeyError, TypeError, ValueError):
        return None
    if not found.over:
        found.stage = Stage.WAITING
    return found


def pause(retry: float, tries: int) -> float:
    """How long it rests after so many tries in vain [s]: twice as long each time."""
    return min(RETRY_MAX, retry * 2.0 ** min(tries - 1, 20))

"""Who said what and when, on one leg: turns with their text, their times and where they were cut short.

An agent's text comes before, while or after it is heard, so a turn is told when the next one begins or the
talk ends; a caller's is told with its final transcript. What was heard of an interrupted turn is its text
in proportion to the milliseconds that were sent in RTP, in whole words.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from media.agent.contract import Role
from media.port import AgentTurn, LegId

TEXTS: Final = 200
"Of one turn; the oldest are forgotten."


@dataclass(slots=True)
class _Open:
    """A turn of the agent that is not told yet."""

    began: float
    texts: deque[str]
    ended: float | None = None
    heard_ms: int | None = None
    total_ms: int = 0


class Conversation:
    """Times are monotonic seconds."""

    def __init__(self, leg: LegId) -> None:
        self._leg = leg
        self._caller: tuple[float, float | None] | None = None
        self._turn: _Open | None = None
        self._ahead = deque[str](maxlen=TEXTS)  # what the agent is about to say

    def caller_started(self, now: float) -> None:
        self._caller = (now, None)

    def caller_stopped(self, at: float) -> None:
        if self._caller is not None:
            self._caller = (self._caller[0], max(at, self._caller[0]))

    def agent_started(self, now: float) -> list[AgentTurn]:
        told = self.close(now)
        self._turn = _Open(now, self._take())
        return told

    def agent_heard_until(self, at: float) -> None:
        if self._turn is not None and self._turn.heard_ms is None:
            self._turn.ended = at

    def interrupted(self, now: float, played_ms: int, dropped_ms: int) -> None:
        if self._turn is not None and self._turn.heard_ms is None:
            self._turn.ended, self._turn.heard_ms = now, played_ms
            self._turn.total_ms = played_ms + dropped_ms

    def said(self, role: Role, text: str, now: float) -> list[AgentTurn]:
        """A final transcript."""
        if role is Role.AGENT:
            (self._ahead if self._turn is None or self._turn.ended is not None else self._turn.texts).append(
                text
            )
            return []
        began, ended = self._caller or (now, now)
        return [*self.close(now), AgentTurn(self._leg, role.value, text, began, ended or now)]

    def close(self, now: float) -> list[AgentTurn]:
        """Tell the agent's turn, if there is one."""
        turn, self._turn = self._turn, None
        if turn is None:
            return []
        if not turn.texts:
            turn.texts = self._take()
        text = " ".join(turn.texts)
        return [
            AgentTurn(
                self._leg,
                Role.AGENT.value,
                text,
                turn.began,
                now if turn.ended is None else turn.ended,
                turn.heard_ms,
                text if turn.heard_ms is None else _share(text, turn.heard_ms, turn.total_ms),
            )
        ]

    def _take(self) -> deque[str]:
        ahead, self._ahead = self._ahead, deque(maxlen=TEXTS)
        return ahead


def _share(text: str, heard_ms: int, total_ms: int) -> str:
    """The words of `text` that were heard in its first `heard_ms`."""
    words = text.split()
    return " ".join(words[: len(words) * heard_ms // max(total_ms, 1)])

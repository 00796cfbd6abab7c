"""What a CDR says of a caller's talk with AI agents: turns, interruptions, how soon they answer."""

from statistics import median
from typing import Final

from media import port

LATENCIES: Final = 1_000
"Kept of one call; later ones are counted as turns alone."


class Talk:
    """Of one leg."""

    def __init__(self) -> None:
        self._turns = 0
        self._interrupted = 0
        self._paused = 0
        self._tools = 0
        self._latencies: list[int] = []
        self._starved: dict[str, int] = {}

    def note(self, event: port.Event) -> None:
        match event:
            case port.AgentSpoke(after_ms=after):
                self._turns += 1
                if after is not None and len(self._latencies) < LATENCIES:
                    self._latencies.append(after)
            case port.AgentInterrupted():
                self._interrupted += 1
            case port.AgentPaused(resumed=True):
                self._paused += 1
            case port.AgentToolCall():
                self._tools += 1
            case port.AgentStarved():
                for name in ("gaps", "trimmed", "refused_ms", "skipped"):
                    self._starved[name] = self._starved.get(name, 0) + getattr(event, name)

    def summary(self) -> dict[str, object]:
        """Empty where no agent spoke."""
        if not self._turns and not self._starved:
            return {}
        told: dict[str, object] = {
            "turns": self._turns,
            "interrupted": self._interrupted,
            "interruptions_taken_back": self._paused,
            "tool_calls": self._tools,
            **self._starved,
        }
        if self._latencies:
            told["latency_ms"] = {"median": round(median(self._latencies)), "max": max(self._latencies)}
        return told

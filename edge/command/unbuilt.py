"""enqueue, which nothing carries out yet: it fails, and the trace says why."""

from edge.command.running import Running
from edge.flow.command import Enqueue


class UnbuiltRunning(Running[Enqueue]):
    def start(self, now: float) -> None:
        name = type(self.command).__name__.lower()
        self._call.trace.add(now, "flow", "not_built", outcome=name, text=f"{name} is not served yet")
        self._end("failed", now, cause="not_built")

"""enqueue and conference, which nothing carries out yet: they fail, and the trace says why."""

from edge.command.running import Running
from edge.flow.command import Conference, Enqueue


class UnbuiltRunning(Running[Enqueue | Conference]):
    def start(self, now: float) -> None:
        name = type(self.command).__name__.lower()
        self._call.trace.add(now, "flow", "not_built", outcome=name, text=f"{name} is not served yet")
        self._end("failed", now, cause="not_built")

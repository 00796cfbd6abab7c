"""noop: a service is asked over HTTP; the call waits in silence."""

from edge.command.running import Running
from edge.flow.command import Noop
from edge.flow.scene import Outcome
from edge.question import Look, Reply


class NoopRunning(Running[Noop]):
    def start(self, now: float) -> None:
        fetch = self.command.fetch
        if fetch is None:
            self._end("done", now)
            return
        self._call.ground.ask(Look(self._call.route.account.id, fetch), self._told)

    def _told(self, reply: Reply, now: float) -> None:
        outcome = outcome_of(reply)
        self._end(outcome.name, now, **outcome.data)


def outcome_of(reply: Reply) -> Outcome:
    """What the answer of a service means to a flow."""
    status = reply.get("status")
    good = isinstance(status, int) and 200 <= status < 300
    return Outcome("done" if good else "failed", reply)

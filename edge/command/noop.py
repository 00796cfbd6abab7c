"""noop: a service is asked over HTTP, or a callback is promised; the call waits in silence."""

from edge.acd.callback import Callback
from edge.command.running import Running
from edge.error import Refusal
from edge.flow.command import Noop, Pledge
from edge.flow.scene import Outcome
from edge.question import Look, Reply


class NoopRunning(Running[Noop]):
    def start(self, now: float) -> None:
        fetch = self.command.fetch
        if fetch is None:
            self._end("done", now)
            return
        if isinstance(fetch, Pledge):
            self._before = self._call.promised
            id = self._call.ground.promise(self._call.route.account.id, fetch, self._promised, now)
            if id is not None and not self.over:
                self._call.promised = id  # who hangs up before it is on disk is called back all the same
            return
        look = Look(self._call.route.account.id, fetch, call=self._call.id)
        self._call.ground.ask(look, self._told)

    def _promised(self, made: Callback | Refusal, now: float) -> None:
        self._call.promised = made.id if isinstance(made, Callback) else self._before
        reply = promised(made)
        self._told(reply, now)

    def _told(self, reply: Reply, now: float) -> None:
        outcome = outcome_of(reply)
        self._end(outcome.name, now, **outcome.data)


def outcome_of(reply: Reply) -> Outcome:
    """What the answer of a service means to a flow."""
    status = reply.get("status")
    good = isinstance(status, int) and 200 <= status < 300
    return Outcome("done" if good else "failed", reply)


def promised(made: Callback | Refusal) -> Reply:
    """What came of a pledge, in the form of a service's answer."""
    if isinstance(made, Refusal):
        return {"status": made.status, "code": made.code, "text": made.text}
    return {"status": 200, "id": made.id}

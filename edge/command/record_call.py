"""record of the whole call: on, off or pause, done at once."""

from edge.call.recording import Taping
from edge.command.running import Running
from edge.flow.command import Record


class RecordCallRunning(Running[Record]):
    def start(self, now: float) -> None:
        if not self._call.answer(now):
            return
        refusal = self._call.recording.turn(Taping(self.command.call), now)
        if refusal is None:
            self._end("done", now)
            return
        self._call.trace.add(now, "call", "recording", outcome=refusal.code, text=refusal.text)
        self._end("failed", now, cause=refusal.code)

"""play: sounds to their end, for a while, under the caller's control, or keys sent instead."""

from edge.command.prompting import Prompting
from edge.command.running import Running
from edge.flow.command import Play
from media import port


class PlayRunning(Running[Play]):
    _prompting: Prompting | None = None
    _paused = False

    def start(self, now: float) -> None:
        if not self._call.answer(now):
            return
        command = self.command
        if command.digits:
            self._media(port.SendDigits(self._call.leg.id, command.digits))
            # Nothing can be sent on a leg that is not connected; then it is answered with no digits.
            self._alarm(now + 1.0 + 0.2 * len(command.digits), lambda at: self._end("failed", at))
            return
        if command.seconds:
            self._alarm(now + command.seconds, self._enough)
        self._prompting = Prompting(
            self._call, self._name("p"), command.sounds, self._heard, loop=command.loop
        )
        self._prompting.start(now)

    def media_event(self, event: port.Event, now: float) -> None:
        match event:
            case port.Played() if self._prompting is not None:
                self._prompting.played(event, now)
            case port.DigitsSent(digits=digits) if digits == self.command.digits:
                self._end("done", now)

    def digit(self, digit: str, now: float) -> bool:
        control = self.command.controls.get(digit)
        if control is None or self._prompting is None:
            return False
        step = self.command.step_ms
        match control:
            case "pause":
                self._paused = not self._paused
                self._prompting.pause(self._paused)
            case "back":
                self._prompting.seek(-step, relative=True)
            case "forward":
                self._prompting.seek(step, relative=True)
            case "restart":
                self._prompting.seek(0, relative=False)
            case "stop":
                self._enough(now)
        return True

    def _heard(self, milliseconds: int, now: float) -> None:
        # What nobody heard must not count as something heard: a flow might go round in it for ever.
        self._end("done" if milliseconds else "failed", now, milliseconds=milliseconds)

    def _enough(self, now: float) -> None:
        assert self._prompting is not None, "what is timed is heard"
        self._prompting.stop()
        self._end("done", now)

"""gather: keys of the caller, during and after prompts.

A key during a prompt stops it, or is dropped where the flow wants the prompt heard. Keys pressed before are
taken as though they came now. A terminator ends the number and is no part of it, unless it comes alone.
"""

from edge.agenda import Alarm
from edge.command.prompting import Prompting
from edge.command.running import Running
from edge.flow.command import Gather
from media import port


class GatherRunning(Running[Gather]):
    _digits = ""
    _waiting: Alarm | None = None
    _prompting: Prompting | None = None

    def start(self, now: float) -> None:
        if not self._call.answer(now):
            return
        command, typed = self.command, self._stage.typed
        if not command.barge_in:
            typed.clear()
        while typed and not self.over:
            self._press(typed.popleft(), now)
        if self.over or self._digits:
            return
        if not command.sounds:
            self._wait(command.timeout, now)
            return
        self._prompting = Prompting(self._call, self._name("p"), command.sounds, self._heard)
        self._prompting.start(now)

    def media_event(self, event: port.Event, now: float) -> None:
        if isinstance(event, port.Played) and self._prompting is not None:
            self._prompting.played(event, now)

    def digit(self, digit: str, now: float) -> bool:
        if self._prompting is not None and not self._prompting.over:
            if not self.command.barge_in:
                return True
            self._prompting.stop()
        self._press(digit, now)
        return True

    # Inside.

    def _press(self, digit: str, now: float) -> None:
        command = self.command
        if digit in command.terminators:
            self._complete(now, self._digits or digit)
            return
        self._digits += digit
        if len(self._digits) >= command.max_digits:
            self._complete(now, self._digits)
        else:
            self._wait(command.inter_digit_timeout, now)

    def _heard(self, milliseconds: int, now: float) -> None:
        self._wait(self.command.timeout, now)

    def _wait(self, seconds: float, now: float) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self._alarm(now + seconds, self._silent)

    def _silent(self, now: float) -> None:
        if self._digits:
            self._complete(now, self._digits)
        else:
            self._end("timeout", now)

    def _complete(self, now: float, digits: str) -> None:
        if len(digits) < self.command.min_digits:
            self._end("invalid", now, digits=digits)
        else:
            self._end(f"digit:{digits}", now)

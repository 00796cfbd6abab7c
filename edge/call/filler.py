"""What the caller hears while an agent is dialled, dialled again, or thinks: a prompt, or a soft tone."""

from typing import Final

from edge.agenda import Alarm
from edge.call.call import Call
from media import port

_PLAY: Final = "agent-filler"
_SOFT: Final = ((350.0,), ((0.08, 2.92),))
"Frequencies [Hz] and cadence [s] where the prompt is not there."


class Filler:
    """
    Args:
        prompt: name of one of our prompts; empty: nothing is ever heard.
        after: silence before it begins [s].
    """

    def __init__(self, call: Call, prompt: str, after: float) -> None:
        self._call = call
        self._prompt = prompt
        self._after = after
        self._alarm: Alarm | None = None
        self._heard = False
        self._spoke = False

    def dialled(self, now: float) -> None:
        """An agent is on its way."""
        self._spoke = False
        self._wait(now)

    def media_event(self, event: port.Event, now: float) -> None:
        match event:
            case port.AgentReconnecting():
                self._play()
            case port.AgentSpoke():
                self._spoke = True
                self.stop()
            case port.SpeechStarted():
                self.stop()
            case port.SpeechStopped() if self._spoke:
                self._wait(now)
            case port.AgentConnected() if self._spoke:
                self.stop()

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._heard:
            self._heard = False
            self._call.ground.media(port.StopPlay(self._call.leg.id, _PLAY))

    # Inside.

    def _wait(self, now: float) -> None:
        self.stop()
        if self._prompt:
            self._alarm = self._call.alarm(now + self._after, lambda at: self._play())

    def _play(self) -> None:
        if not self._prompt or self._heard:
            return
        self._heard = True
        call = self._call
        path = call.ground.directory.prompt(self._prompt)
        if path is None:
            call.ground.media(port.Tone(call.leg.id, _PLAY, *_SOFT))
        else:
            call.ground.media(port.Play(call.leg.id, _PLAY, path, loop=True))

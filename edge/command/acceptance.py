"""Somebody who has answered is told who calls, and takes the call by a key, before the two are joined.

So a mobile's voicemail that picks up does not win the call: it presses nothing. Without a key the callee has
taken the call when the briefing is over.
"""

from collections.abc import Callable, Sequence

from edge.agenda import Alarm
from edge.call.call import Call
from edge.command.prompting import Prompting
from edge.flow.command import Sound
from media import port


class Acceptance:
    """Ends by `done(accepted, now)` once, unless it is stopped first."""

    def __init__(
        self,
        call: Call,
        leg: port.LegId,
        name: str,
        sounds: Sequence[Sound],
        done: Callable[[bool, float], None],
        *,
        key: str = "",
        seconds: float = 10.0,
    ) -> None:
        """
        Args:
            leg: of who is asked.
            name: of its playbacks.
            key: what takes the call; empty: nothing is asked.
            seconds: after the briefing so long is waited for the key; silence is a refusal.
        """
        self._call = call
        self._leg = leg
        self._done = done
        self._key = key
        self._seconds = seconds
        self._alarm: Alarm | None = None
        self._prompting = Prompting(call, name, sounds, self._told, leg=leg)
        self.over = False

    def start(self, now: float) -> None:
        self._prompting.start(now)

    def media_event(self, event: port.Event, now: float) -> None:
        """What happened in the audio of any leg of the call."""
        match event:
            case port.Played(leg=self._leg):
                self._prompting.played(event, now)
            case port.Digit(leg=self._leg, digit=self._key):
                self._end(True, now)

    def stop(self) -> None:
        self.over = True
        self._prompting.stop()
        if self._alarm is not None:
            self._alarm.cancel()

    # Inside.

    def _told(self, milliseconds: int, now: float) -> None:
        if self.over:
            return
        if self._key:
            self._alarm = self._call.alarm(now + self._seconds, lambda at: self._end(False, at))
        else:
            self._end(True, now)

    def _end(self, accepted: bool, now: float) -> None:
        if not self.over:
            self.stop()
            self._done(accepted, now)

"""What the softphone does in a call, by its plan: plays, presses keys, and notes who speaks over whom.

It notes when the far end speaks, when we speak over it and how soon it falls silent then.
"""

from collections.abc import Callable
from typing import Final

from config.value import dataclass
from edge.agenda import Agenda
from media import port

_PLAY: Final = "question"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do once the call is answered."""

    play: str = ""
    "WAV to play, empty for none."
    play_after: float = 1.0
    "Wait before it [s]."
    record: str = ""
    "WAV to write, empty for none."
    digits: str = ""
    digits_after: float = 1.0
    "Wait before the digits; after the WAV, if there is one [s]."
    seconds: float = 20.0
    "Hang up after this time in the call [s]."
    ring_seconds: float = 60.0
    "Give up when nobody answered by then [s]."


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: float
    "Since the start [s]."
    what: str
    "trying, ringing, answered, first audio, agent speech, playing, digits, barge-in, hang-up or failed."
    detail: str = ""


class Script:
    """One plan carried out on one leg.

    Args:
        do: takes each command for the audio engine.
        say: (now, what, detail): one line of the timeline.
    """

    def __init__(
        self,
        leg: port.LegId,
        plan: Plan,
        agenda: Agenda,
        do: Callable[[port.Command], object],
        say: Callable[[float, str, str], object],
    ) -> None:
        self._leg, self._plan, self._agenda = leg, plan, agenda
        self._do, self._say = do, say
        self._over = False
        self._pressed = False
        self._far_speaking = False
        self._over_at: float | None = None  # when we began to speak over the far end

    def begin(self, now: float) -> None:
        """The call is answered."""
        plan = self._plan
        if plan.record:
            self._do(port.Record(self._leg, plan.record))
        if plan.play:
            self._agenda.at(now + plan.play_after, self._play)
        else:
            self._press_digits(now)

    def end(self) -> None:
        """The call is over: nothing is played or pressed any more."""
        self._over = True

    def receive(self, event: port.Event, now: float) -> None:
        match event:
            case port.Latched():
                self._say(now, "first audio", f"from {event.source[0]}:{event.source[1]}")
            case port.SpeechStarted():
                self._far_speaking = True
                self._say(now, "agent speech", "")
            case port.SpeechStopped():
                self._stopped_speaking(now)
            case port.Played(_, _, milliseconds, finished, error):
                self._say(now, "played", error or f"{milliseconds} ms" + ("" if finished else ", stopped"))
                self._press_digits(now)
            case port.DigitsSent(_, digits):
                self._say(now, "digits sent", digits)
            case port.Silent(_, seconds):
                self._say(now, "silence", f"no RTP for {seconds:.0f} s")
            case _:
                pass

    def _play(self, now: float) -> None:
        if self._over:
            return
        self._do(port.Play(self._leg, _PLAY, self._plan.play))
        if self._far_speaking:
            self._over_at = now
            self._say(now, "barge-in", "speaking over the far end")
        else:
            self._say(now, "playing", self._plan.play)

    def _press_digits(self, now: float) -> None:
        if self._plan.digits and not self._pressed:
            self._pressed = True
            self._agenda.at(now + self._plan.digits_after, self._send_digits)

    def _send_digits(self, now: float) -> None:
        if not self._over:
            self._do(port.SendDigits(self._leg, self._plan.digits))

    def _stopped_speaking(self, now: float) -> None:
        self._far_speaking = False
        if self._over_at is not None:
            self._say(now, "agent silent", f"{(now - self._over_at) * 1000:.0f} ms after we spoke over it")
            self._over_at = None

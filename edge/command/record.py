"""record: a beep, then what the caller says, until silence, a key, the longest time, or the call's end."""

from typing import Final

from edge.agenda import Alarm
from edge.command.running import Running
from edge.flow.command import Record
from edge.recordings import Recording
from media import port

BEEP: Final = ((1_000.0,), ())
"Frequencies [Hz] and cadence: continuous."
BEEP_SECONDS: Final = 0.4
FIRST_WORD: Final = 3.0
"So much longer than any other silence may the first one be [s]."


class RecordRunning(Running[Record]):
    _path = ""
    _key = ""
    _silence: Alarm | None = None
    _recording = False

    def start(self, now: float) -> None:
        if self.command.folder == "vm" and self._is_full():
            self._end("failed", now, cause="mailbox_full")
            return
        if self.command.folder == "greeting" and not self._is_users():
            self._end("failed", now, cause="no_such_user")
            return
        if not self._call.answer(now):
            return
        self._stage.typed.clear()  # a key of before is not meant to end the message
        if not self.command.beep:
            self._record(now)
            return
        self._media(port.Tone(self._call.leg.id, self._name("beep"), *BEEP))
        self._alarm(now + BEEP_SECONDS, self._beeped)

    def digit(self, digit: str, now: float) -> bool:
        if self._recording and digit in self.command.terminators:
            self._stop()
        return True

    def media_event(self, event: port.Event, now: float) -> None:
        match event:
            case port.Played(_, play) if play == self._name("beep") and not self._path:
                self._record(now)
            case port.SpeechStarted() if self._silence is not None:
                self._silence.cancel()
            case port.SpeechStopped() if self._recording:
                self._listen(self.command.silence_seconds, now)
            case port.Recorded(_, path, milliseconds, error) if path == self._path:
                outcome = "done" if milliseconds and not error else "failed"
                self._end(outcome, now, key=self._key, milliseconds=milliseconds)

    # Inside.

    def _is_full(self) -> bool:
        call = self._call
        kept = call.ground.mailbox(call.route.account.id, self.command.mailbox)
        return kept.new + kept.old >= call.ground.limits.voice_messages_per_user

    def _is_users(self) -> bool:
        """The name of its file is the user's number, so it must be one."""
        directory, account = self._call.ground.directory, self._call.route.account
        user = directory.user(account.id, self.command.mailbox)
        return user is not None and user.number == self.command.mailbox

    def _beeped(self, now: float) -> None:
        self._media(port.StopPlay(self._call.leg.id, self._name("beep")))

    def _record(self, now: float) -> None:
        call, command = self._call, self.command
        recording = Recording(
            call.route.account.id,
            call.id,
            command.folder,
            next(self._stage.recordings),
            command.mailbox,
            call.caller,
            call.ground.wall(now),
        )
        self._key = recording.key
        self._path = call.ground.record(recording)
        self._recording = True
        self._media(port.Record(call.leg.id, self._path))
        self._alarm(now + command.max_seconds, lambda at: self._stop())
        self._listen(command.silence_seconds + FIRST_WORD, now)

    def _listen(self, seconds: float, now: float) -> None:
        if self.command.silence_seconds <= 0:
            return
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._alarm(now + seconds, lambda at: self._stop())

    def _stop(self) -> None:
        """`Recorded` follows when the file is complete."""
        if self._recording:
            self._recording = False
            self._media(port.StopRecord(self._call.leg.id))

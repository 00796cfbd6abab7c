"""hangup: the flow ends the call, by BYE or, where nothing was answered, by a status; by a tone before."""

from typing import Final

from edge.command.running import Running
from edge.flow.command import Hangup
from edge.tone import tones
from media import port

STATUS: Final = {
    "normal": 603,
    "busy": 486,
    "declined": 603,
    "unavailable": 480,
    "not_found": 404,
    "congestion": 503,
}
"Cause → status of a call that was never answered."


class HangupRunning(Running[Hangup]):
    def start(self, now: float) -> None:
        call, seconds = self._call, self.command.tone
        if seconds and call.answered_at is None:
            call.progress(183, now, early_media=True)
        if not seconds or call.leg.negotiated is None:  # nobody would hear it
            self._hang_up(now)
            return
        tone = tones(call.route.account.country).of_cause(self.command.cause)
        self._media(port.Tone(call.leg.id, self._name("tone"), *tone))
        self._alarm(now + seconds, self._hang_up)

    def _hang_up(self, now: float) -> None:
        self.over = True
        call, command = self._call, self.command
        if call.answered_at is not None:
            call.finish("answered", "flow_hangup", now)
            return
        status = command.status or STATUS.get(command.cause, 603)
        call.finish("busy" if status == 486 else "refused", f"flow_{command.cause}", now, status)

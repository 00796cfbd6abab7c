"""hangup: the flow ends the call, by BYE or, where nothing was answered, by a status."""

from typing import Final

from edge.command.running import Running
from edge.flow.command import Hangup

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
        self.over = True
        call, command = self._call, self.command
        if call.answered_at is not None:
            call.finish("answered", "flow_hangup", now)
            return
        status = command.status or STATUS.get(command.cause, 603)
        call.finish("busy" if status == 486 else "refused", f"flow_{command.cause}", now, status)

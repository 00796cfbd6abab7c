"""The ordered trace of one call: what came, what was decided and why, what left (S004-62, S004-63).

Rows gather here and go to the journal in batches: one second after the first that waits, and at
the end of the call. SIP messages are kept as they were on the wire, credentials and keys blanked.
"""

from collections.abc import Callable
from typing import Final

from edge.journal import CallId, TraceEvent
from edge.sip.flow import Flow, Transport
from edge.trace.secret import blanked

_NAMES: Final = {transport: transport.value.lower() for transport in Transport}


class Trace:
    def __init__(
        self,
        call: CallId,
        wall: Callable[[float], int],
        limit: int,
        on_waiting: Callable[["Trace", float], None] | None = None,
    ) -> None:
        """Args:
        wall: turns monotonic seconds into ms UTC.
        limit: rows kept, the rest is counted.
        on_waiting: told (trace, now) when the first row begins to wait.
        """
        self.call = call
        self._wall = wall
        self._left = limit
        self._waiting: list[TraceEvent] = []
        self.dropped = 0
        self.secret = False
        "Whether keys that are pressed now are nobody's business."
        self._on_waiting = on_waiting

    def add(
        self,
        now: float,
        layer: str,
        event: str,
        outcome: str = "",
        node_id: str = "",
        **data: object,
    ) -> None:
        self._put(now, layer, event, outcome, node_id, data)

    def sip(self, now: float, sent: bool, message: bytes, flow: Flow) -> None:
        """One SIP message; the row's event is its method or status."""
        end = message.find(b"\r\n")
        words = (message if end < 0 else message[:end]).split(b" ", 2)
        what = words[1] if words[0].startswith(b"SIP/") and len(words) > 1 else words[0]
        host, port = flow.remote
        peer = f"{_NAMES[flow.transport]}:{host}:{port}"
        data: dict[str, object] = {"peer": peer, "message": blanked(message, keys=self.secret)}
        self._put(now, "sip", what.decode("latin-1"), "sent" if sent else "received", "", data)

    def waiting(self) -> tuple[TraceEvent, ...]:
        """Rows not handed to the journal yet."""
        return tuple(self._waiting)

    def take(self) -> list[TraceEvent]:
        """Hand over the waiting rows, oldest first."""
        rows, self._waiting = self._waiting, []
        return rows

    def _put(
        self, now: float, layer: str, event: str, outcome: str, node_id: str, data: dict[str, object]
    ) -> None:
        if self._left <= 0:
            self.dropped += 1
            return
        self._left -= 1
        if not self._waiting and self._on_waiting is not None:
            self._on_waiting(self, now)
        self._waiting.append(TraceEvent(self._wall(now), layer, event, outcome, node_id, data))

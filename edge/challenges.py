"""INVITEs that were challenged, remembered for the trace of the call that the proven one begins (S004-62)."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.trace import Trace

LIFE: Final = 32.0
"A caller that has not come back by then has given up [s]."


@dataclass(frozen=True, slots=True)
class Challenge:
    at: float
    invite: Request
    response: Response
    flow: Flow
    why: str
    "`no_credentials`, `stale`, `bad`…"


class Challenges:
    """The latest ones, by Call-ID. Args: limit: how many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Challenge] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def note(self, challenge: Challenge) -> None:
        kept = self._kept
        if self._limit:
            kept[challenge.invite.call_id] = challenge
            kept.move_to_end(challenge.invite.call_id)
        while len(kept) > self._limit:
            kept.popitem(last=False)

    def tell(self, call_id: str, trace: Trace, now: float) -> None:
        """Begin `trace` with what came before the proof."""
        challenge = self._kept.pop(call_id, None)
        if challenge is None or now - challenge.at > LIFE:
            return
        at, flow = challenge.at, challenge.flow
        source = f"{flow.remote[0]}:{flow.remote[1]}"
        trace.sip(at, False, challenge.invite.wire(), flow)
        trace.add(at, "auth", "challenged", outcome=challenge.why, source=source)
        trace.sip(at, True, challenge.response.wire(), flow)

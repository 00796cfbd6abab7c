"""What an agent asks of its call, and what its configuration allows."""

import itertools
from typing import Final

from media.agent.contract import Ask, Verb

PENDING: Final = 16
"Requests of one agent that wait for their answer; one more is refused."

PERMISSION: Final = {
    Verb.TRANSFER: "transfer",
    Verb.HOLD: "hold",
    Verb.RESUME: "hold",
    Verb.MUTE: "mute",
    Verb.UNMUTE: "mute",
    Verb.PLAY: "play",
    Verb.STOP_PLAY: "play",
    Verb.RECORD: "record",
    Verb.STOP_RECORD: "record",
    Verb.SET: "set",
}
"The word in `allow` that a verb needs."


class Requests:
    """Those of one agent."""

    def __init__(self, agent: str, allow: tuple[str, ...]) -> None:
        self._agent = agent
        self._allow = frozenset(allow)
        self._numbers = itertools.count(1)
        self._pending: dict[int, Ask] = {}

    def refusal(self, permission: str) -> str:
        """Why the agent may not do this; empty: it may."""
        if permission in self._allow:
            return ""
        return f"not allowed: add {permission} to `allow` of agent {self._agent}"

    def admit(self, ask: Ask) -> int | str:
        """The number under which the call is asked, or the reason why it is not."""
        if refusal := self.refusal(PERMISSION[ask.verb]):
            return refusal
        if len(self._pending) >= PENDING:
            return f"{PENDING} requests wait for their answer already"
        number = next(self._numbers)
        self._pending[number] = ask
        return number

    def settle(self, number: int) -> Ask | None:
        """The request that is answered now; None: it was before, or never made."""
        return self._pending.pop(number, None)

"""The record of what an agent and we said to each other in text, as many messages as the trace takes."""

from dataclasses import dataclass

from media.agent.contract import Action, Buffer, Message, Note, Transcript
from media.agent.redact import kind, masked, shown
from media.port import AgentMessage, LegId

_READ = 8_192
"Bytes of a message that are looked at."


@dataclass(slots=True)
class Tally:
    """Counters of one session."""

    malformed: int = 0
    "Messages that broke the agent's protocol."
    discarded: int = 0
    "Samples of interrupted utterances that came after the interruption."


class Protocol:
    """
    Args:
        limit: messages that are recorded; the rest is counted.
    """

    def __init__(self, leg: LegId, limit: int) -> None:
        self._leg = leg
        self._left = limit
        self.untraced = 0

    def sent(self, message: Message) -> list[AgentMessage]:
        if not isinstance(message, str) or not self._takes():
            return []
        return self._note(True, kind(message), shown(message))

    def received(self, text: Buffer, action: Action) -> list[AgentMessage]:
        """`action` is the first that the dialect made of it."""
        if (isinstance(action, Transcript) and not action.final) or not self._takes():
            return []
        message = bytes(text[:_READ]).decode(errors="replace")
        if isinstance(action, Note):
            detail = f"{masked(action.detail)}: {shown(message)}" if action.detail else shown(message)
            return self._note(False, action.kind, detail)
        return self._note(False, kind(message), shown(message))

    def refused(self, what: str, why: str) -> list[AgentMessage]:
        return self._note(False, what, why) if self._takes() else []

    def _takes(self) -> bool:
        """One more may be recorded; asked first, since masking costs more than the message itself."""
        if self._left <= 0:
            self.untraced += 1
            return False
        self._left -= 1
        return True

    def _note(self, outgoing: bool, name: str, detail: str) -> list[AgentMessage]:
        return [AgentMessage(self._leg, outgoing, name, detail)]

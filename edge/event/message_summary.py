"""Package `message-summary` (RFC 3842): the lamp that says a message waits."""

from typing import Final

from config.value import dataclass
from edge.sip.uri import Uri

CONTENT_TYPE: Final = "application/simple-message-summary"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Voice messages of one user."""

    new: int = 0
    old: int = 0


def document(number: str, domain: str, mailbox: Mailbox) -> bytes:
    account = Uri("sip", number, domain)
    waiting = "yes" if mailbox.new else "no"
    return (
        f"Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\n"
        f"Voice-Message: {mailbox.new}/{mailbox.old} (0/0)\r\n"
    ).encode()

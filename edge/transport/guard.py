"""Who may talk to our sockets at all: stated here, decided by `edge.security.shield`."""

from typing import Protocol


class Guard(Protocol):
    """Asked for every datagram and connection: an answer costs a dictionary look-up."""

    def exempt(self, address: str) -> bool:
        """Whether this source is free of every limit per source."""

    def refuses(self, address: str, now: float) -> bool:
        """Whether what comes from there is dropped unread, in silence."""

    def banned(self, address: str, now: float) -> bool:
        """Whether nothing is sent there."""

    def malformed(self, address: str, now: float) -> bool:
        """Its stream cannot be framed. The answer means nothing here: the connection is closed anyway."""


class EveryoneWelcome:
    """For a process that nobody can find, such as a softphone."""

    def exempt(self, address: str) -> bool:
        return False

    def refuses(self, address: str, now: float) -> bool:
        return False

    def banned(self, address: str, now: float) -> bool:
        return False

    def malformed(self, address: str, now: float) -> bool:
        return True

"""In place of ICE, for a peer that has none: SIP phones and servers that key SRTP by DTLS (RFC 5763).

Such a peer is where its description says or, behind NAT, where its handshake comes from: at once if that is a
host which the description or the signalling names, another one if nobody else has come for a while. Who it is
is proven by its certificate; a stranger's handshake fails, and costs no more than itself.
"""

from typing import Final

from media.port import WebRtc
from media.webrtc.stun import Address

DOUBT: Final = 0.9
"A host that nobody has named is believed after so long: when a handshake is repeated first [s]."
_UNSET: Final = ("0.0.0.0", "::")


class Direct:
    """The same doors as `Ice`."""

    def __init__(self, terms: WebRtc, now: float) -> None:
        self.selected: Address | None = None
        "Where media goes, and comes from."
        self.selected_at = now
        self.failure = ""
        self._since = now
        self._hosts = frozenset(candidate.address for candidate in terms.candidates)
        first = terms.candidates[0] if terms.candidates else None
        named = first is not None and first.port and first.address not in _UNSET
        self._named = (first.address, first.port) if first is not None and named else None
        self.selected = self._named

    def take(self) -> list[tuple[bytes, Address]]:
        return []

    def knows(self, source: Address) -> bool:
        """Whether the peer may be at `source`."""
        return source == self.selected or source[0] in self._hosts

    def meets(self, source: Address, now: float, *, secured: bool) -> bool:
        """Whether a handshake from `source` may be the peer's. Args: secured: it has shaken hands already."""
        if not self.knows(source) and (secured or now < self._since + DOUBT):
            return False
        if source != self.selected:
            self.selected, self.selected_at = source, now
        return True

    def mistook(self) -> bool:
        """A handshake has failed: whether it was one of a host that nobody has named, who is left again."""
        if self.selected is None or self.selected[0] in self._hosts:
            return False
        self.selected = self._named
        return True

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        """STUN, of which nothing is expected."""

    def next_timer_at(self) -> float | None:
        return None

    def handle_timer(self, now: float) -> None:
        pass

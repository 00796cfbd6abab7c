"""Symmetric RTP with source lock: which source a leg hears and answers (RFC 4961, RFC 7362 §4).

The edge names an address from SDP; behind NAT the stream comes from another. Rules:

1. The first packet with an accepted payload type latches, wherever it comes from.
2. For `GRACE` s after it a source that fits the SDP better takes over: same address and port
   beats same address, which beats any other. A latch on exactly the SDP address locks at once.
3. Then the lock closes: packets of other sources are foreign, whatever they contain.
4. The lock opens for another source when the latched one has been silent for `SILENCE` s and
   the newcomer either carries the same SSRC (a NAT gave the phone a new port) or is exactly the
   SDP address. Somebody who merely guesses the port knows neither the SSRC nor can he be heard
   while the true source is.
5. A `Connect` with another address ranks the latched source anew and opens rule 2 for
   `MOVE_GRACE` s; in that time a source that fits as well takes over only after `PAUSE` s
   without the old one, and one that fits worse not at all.
"""

import enum
from typing import Final

GRACE: Final = 1.0
SILENCE: Final = 2.0
MOVE_GRACE: Final = 5.0
PAUSE: Final = 0.5

Address = tuple[str, int]


class Verdict(enum.Enum):
    HEAR = enum.auto()
    "It comes from the latched source."
    LATCHED = enum.auto()
    "Its source has just become the latched one: hear it."
    FOREIGN = enum.auto()
    "Drop it."


class _Fit(enum.IntEnum):
    OTHER = 0
    HOST = 1
    EXACT = 2


class Latch:
    def __init__(self) -> None:
        self.source: Address | None = None
        "Who is heard; None before the first packet."
        self._ssrc = -1
        self._sdp: Address | None = None
        self._better_until = 0.0
        self._moved_until = 0.0

    def aim(self, remote: Address, now: float) -> None:
        """Take the address of an offer or answer."""
        if remote == self._sdp:
            return
        self._sdp = remote
        if self.source is not None:
            self._better_until = self._moved_until = now + MOVE_GRACE

    def offer(self, source: Address, ssrc: int, silence: float, now: float) -> Verdict:
        """Judge the source of a valid RTP packet.

        Args:
            silence: seconds since the latched source was last heard.
        """
        if source == self.source:
            self._ssrc = ssrc
            return Verdict.HEAR
        fit = self._fit(source)
        if self.source is None:
            self._better_until = now if fit is _Fit.EXACT else now + GRACE
        elif now < self._better_until and fit > self._fit(self.source):
            if fit is _Fit.EXACT:
                self._better_until = self._moved_until = now
        elif not (
            (silence >= SILENCE and (ssrc == self._ssrc or fit is _Fit.EXACT))
            or (silence >= PAUSE and now < self._moved_until and fit >= self._fit(self.source))
        ):
            return Verdict.FOREIGN
        self.source = source
        self._ssrc = ssrc
        return Verdict.LATCHED

    def is_locked(self, silence: float, now: float) -> bool:
        """Whether no packet of another source could be heard now."""
        return self.source is not None and now >= self._better_until and silence < SILENCE

    def _fit(self, source: Address) -> _Fit:
        if source == self._sdp:
            return _Fit.EXACT
        if self._sdp is not None and source[0] == self._sdp[0]:
            return _Fit.HOST
        return _Fit.OTHER

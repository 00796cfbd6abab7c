"""Symmetric RTP with source lock: which source a leg hears and answers (RFC 4961, RFC 7362 §4).

The edge names an address from SDP; behind NAT the stream comes from another, most often from the host
that the peer's signalling comes from. Rules:

1. The first packet with an accepted payload type latches, wherever it comes from.
2. For `GRACE` s after it a source that fits better takes over: the SDP's address and port beats the host
   of the SDP or of the signalling, which beats their network (/24, or /64 of IPv6), which beats any
   other. One that fits as well never does. A latch on exactly the SDP address locks at once. A source
   that is of neither host, where the signalling's is known, is believed only after `DOUBT` s: somebody
   may have sent to the port before the peer spoke.
3. Then the lock closes: packets of other sources are foreign, whatever they contain.
4. The lock opens for another source when the latched one has been silent for `SILENCE` s and
   the newcomer carries the same SSRC (a NAT gave the phone a new port), is exactly the
   SDP address, or fits better. Somebody who merely guesses the port knows neither the SSRC nor can he be
   heard while the true source is.
5. A `Connect` with another address ranks the latched source anew and opens rule 2 for
   `MOVE_GRACE` s; in that time a source that fits as well takes over only after `PAUSE` s
   without the old one, and one that fits worse not at all.
"""

import enum
import ipaddress
from functools import lru_cache
from typing import Final

GRACE: Final = 1.0
DOUBT: Final = 30.0
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
    NETWORK = 1
    HOST = 2
    EXACT = 3


class Latch:
    def __init__(self) -> None:
        self.source: Address | None = None
        "Who is heard; None before the first packet."
        self._ssrc = -1
        self._sdp: Address | None = None
        self._signalling = ""
        self._better_until = 0.0
        self._moved_until = 0.0

    def aim(self, remote: Address, now: float, signalling: str = "") -> None:
        """Take the address of an offer or answer.

        Args:
            signalling: the host that the peer's signalling comes from; empty: not known.
        """
        self._signalling = signalling
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
            self._better_until = now if fit is _Fit.EXACT else now + self._patience(fit)
        elif now < self._better_until and fit > self._fit(self.source):
            if fit is _Fit.EXACT:
                self._better_until = self._moved_until = now
            elif now >= self._moved_until:
                self._better_until = now + self._patience(fit)
        elif silence >= SILENCE and fit > self._fit(self.source):
            self._better_until = now if fit is _Fit.EXACT else now + self._patience(fit)
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

    def _patience(self, fit: _Fit) -> float:
        return DOUBT if fit < _Fit.HOST and self._signalling else GRACE

    def _fit(self, source: Address) -> _Fit:
        if source == self._sdp:
            return _Fit.EXACT
        named = [host for host in (self._sdp and self._sdp[0], self._signalling) if host]
        if source[0] in named:
            return _Fit.HOST
        network = _network(source[0])
        near = network is not None and any(network == _network(host) for host in named)
        return _Fit.NETWORK if near else _Fit.OTHER


@lru_cache(maxsize=1_024)
def _network(host: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The /24 or /64 of an address; None for what is none."""
    try:
        return ipaddress.ip_network((host, 64 if ":" in host else 24), strict=False)
    except ValueError:
        return None

"""ICE, then DTLS, of one leg: from both descriptions to a peer's address and the keys of SRTP.

::

    STUN ─▶ ice, or direct ─▶ selected ─╮
    DTLS ─▶ dtls ─▶ crypto ─────────────┴─▶ `WebLegs` opens the leg for RTP
"""

from collections.abc import Callable

from config.schema import MediaLimits
from media.port import Crypto, WebRtc
from media.webrtc.direct import Direct
from media.webrtc.dtls import Certificate, Dtls
from media.webrtc.ice import Ice
from media.webrtc.stun import Address

HOST_PRIORITY = (126 << 24) | (65_535 << 8) | 255
"Of our one candidate (RFC 8445 §5.1.2.1)."

CLOSE_GRACE = 2.0
"A peer that closes DTLS hangs up as a rule: its BYE, on another way, has so long to come first [s]."


class Transport:
    def __init__(
        self,
        terms: WebRtc,
        certificate: Certificate,
        limits: MediaLimits,
        random_bits: Callable[[int], int],
        now: float,
    ) -> None:
        self.terms = terms
        self._certificate = certificate
        self._limits = limits
        self._random_bits = random_bits
        self._dtls: Dtls | None = None
        self._dtls_until: float | None = None
        self._early: bytes | None = None
        self._closed_at: float | None = None
        self._closed = False
        self._out: list[tuple[bytes, Address]] = []
        self._ice = self._new_path(now)
        self._shake_hands(now)

    @property
    def selected(self) -> Address | None:
        return self._ice.selected

    @property
    def selected_at(self) -> float:
        return self._ice.selected_at

    @property
    def crypto(self) -> Crypto | None:
        return self._dtls.crypto if self._dtls is not None else None

    @property
    def failure(self) -> tuple[str, str] | None:
        """Cause and detail, once it is over."""
        if self._ice.failure:
            return self._ice.failure, _ADVICE[self._ice.failure]
        if self._dtls is not None and self._dtls.failure and (self._closed_at is None or self._closed):
            return self._dtls.failure, self._dtls.detail
        return None

    def take(self) -> list[tuple[bytes, Address]]:
        """Datagrams to be sent, and where to."""
        self._collect()
        out, self._out = self._out, []
        return out

    def knows(self, source: Address) -> bool:
        """Whether the peer has proven to be at `source`."""
        return self._ice.knows(source)

    def change(self, terms: WebRtc, now: float) -> None:
        """Take a later offer or answer: other credentials restart ICE, another certificate DTLS."""
        before, self.terms = self.terms, terms
        moved = not terms.ice and before.candidates != terms.candidates
        if moved or (before.local, before.remote) != (terms.local, terms.remote):
            self._ice = self._new_path(now)
        if before.fingerprints != terms.fingerprints or before.active is not terms.active:
            self._dtls = self._closed_at = None
            self._shake_hands(now)

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        """Take what is not RTP (RFC 7983 §7)."""
        first = datagram[0] if datagram else 255
        if first < 4:
            self._ice.receive(datagram, source, now)
            self._shake_hands(now)
        elif 20 <= first < 64 and self._meets(source, now):
            if self._dtls is None:
                self._early = datagram  # its first flight, which overtook our nomination
            else:
                self._dtls.receive(datagram, now)
                if self._dtls.failure == "dtls_closed" and self._closed_at is None:
                    self._closed_at = now
                elif self._dtls.failure and isinstance(self._ice, Direct) and self._ice.mistook():
                    until, self._dtls = self._dtls_until, None
                    self._shake_hands(now)
                    self._dtls_until = until

    def next_timer_at(self) -> float | None:
        times = [self._ice.next_timer_at(), self._dtls_until]
        if self._closed_at is not None:
            times.append(self._closed_at + CLOSE_GRACE)
        if self._dtls is not None:
            times.append(self._dtls.next_timer_at())
        return None if self.failure else min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> None:
        self._ice.handle_timer(now)
        self._closed = self._closed_at is not None and now >= self._closed_at + CLOSE_GRACE
        dtls = self._dtls
        if dtls is None:
            return
        dtls.handle_timer(now)
        if dtls.crypto is not None:
            self._dtls_until = None
        elif self._dtls_until is not None and now >= self._dtls_until and not dtls.failure:
            dtls.failure, dtls.detail = "dtls_failed", "no handshake within limits.media.dtls_timeout"

    def close(self, now: float) -> None:
        if self._dtls is not None:
            self._dtls.close(now)

    def _meets(self, source: Address, now: float) -> bool:
        """Whether a handshake from `source` is the peer's, as far as its address tells."""
        path = self._ice
        if isinstance(path, Ice):
            return path.knows(source)
        if not path.meets(source, now, secured=self.crypto is not None):
            return False
        self._shake_hands(now)
        return True

    def _new_path(self, now: float) -> Ice | Direct:
        if not self.terms.ice:
            return Direct(self.terms, now)
        return Ice(
            self.terms,
            self._random_bits,
            now,
            priority=HOST_PRIORITY,
            most=self._limits.ice_candidates,
            timeout=self._limits.ice_timeout,
        )

    def _shake_hands(self, now: float) -> None:
        if self._dtls is not None or self._ice.selected is None:
            return
        terms = self.terms
        self._dtls = Dtls(self._certificate, terms.fingerprints, now, active=terms.active)
        self._dtls_until = now + self._limits.dtls_timeout
        if self._early is not None:
            self._dtls.receive(self._early, now)
            self._early = None

    def _collect(self) -> None:
        self._out += self._ice.take()
        if self._dtls is not None and self._ice.selected is not None:
            self._out += [(datagram, self._ice.selected) for datagram in self._dtls.take()]


_ADVICE = {
    "ice_timeout": "no address of the peer answered: let it reach our RTP ports by UDP, "
    "or set node.public_address to the address that it sees",
    "consent_lost": "the peer no longer answers: it is gone, or its network is",
}

"""All WebRTC legs of an engine: ICE and DTLS on their RTP sockets, and when these open for RTP.

::

    STUN, DTLS ─▶ receive ─▶ Transport ─▶ datagrams out
                                 ╰─▶ Secured (the leg opens) · Failed

Until then such a leg sends to nobody and hears nobody. Opened, it is a leg like any other of SRTP: the
keys are DTLS's, the source is ICE's, RTCP shares the port.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from config.schema import MediaLimits
from media.leg import Leg, LegTable
from media.port import Event, Failed, Secured, WebRtc
from media.rtp.latch import SILENCE, Address, Latch, Verdict
from media.socket import UdpWire
from media.webrtc.dtls import Certificate
from media.webrtc.transport import Transport

SETTLED: Final = 5.0
"So long after ICE has chosen, the peer may still choose another address; then the kernel filters [s]."


class IceLatch(Latch):
    """The source is whom ICE has selected; others of the peer's proven addresses are heard too."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def aim(self, remote: Address, now: float) -> None:
        """ICE, not the description's address, says where the peer is."""

    def offer(self, source: Address, ssrc: int, silence: float, now: float) -> Verdict:
        known = source == self.source or self._transport.knows(source)
        return Verdict.HEAR if known else Verdict.FOREIGN

    def is_locked(self, silence: float, now: float) -> bool:
        since = now - self._transport.selected_at
        return self.source is not None and since >= SETTLED and silence < SILENCE


class WebLegs:
    def __init__(
        self,
        table: LegTable,
        wire: UdpWire,
        limits: MediaLimits,
        random_bits: Callable[[int], int],
        emit: Callable[[Event], None],
    ) -> None:
        self._table = table
        self._wire = wire
        self._limits = limits
        self._random_bits = random_bits
        self._emit = emit
        self._certificate: Certificate | None = None

    @property
    def certificate(self) -> Certificate:
        """Ours, made when it is first asked for."""
        if self._certificate is None:
            self._certificate = Certificate()
        return self._certificate

    @property
    def fingerprint(self) -> str:
        """Of our certificate, as in `a=fingerprint`."""
        return self.certificate.fingerprint

    def connect(self, leg: Leg, terms: WebRtc, now: float) -> None:
        """Take what an offer and answer say; the first time, ICE begins."""
        if leg.web is None:
            leg.web = Transport(terms, self.certificate, self._limits, self._random_bits, now)
            leg.latch = IceLatch(leg.web)
        else:
            leg.web.change(terms, now)
        self._settle(leg, leg.web, now)

    def receive(self, leg: Leg, datagram: bytes, source: Address, now: float) -> None:
        """Take a datagram that is not RTP."""
        if leg.web is not None:
            leg.web.receive(datagram, source, now)
            self._settle(leg, leg.web, now)

    def handle_timers(self, now: float) -> None:
        for slot in np.flatnonzero(self._table.columns.web_at <= now).tolist():
            leg = self._table.at(slot)
            if leg.web is not None:
                leg.web.handle_timer(now)
                self._settle(leg, leg.web, now)

    def send_rtcp(self, leg: Leg, datagram: bytes) -> None:
        """On the port of RTP (RFC 5761); to nobody, as long as there are no keys."""
        if leg.srtp is not None:
            self._wire.send(leg.slot, leg.srtp.seal_rtcp(datagram))

    def release(self, leg: Leg, now: float) -> None:
        if leg.web is not None:
            leg.web.close(now)
            self._send(leg, leg.web)
            leg.web = None

    # Inside.

    def _settle(self, leg: Leg, web: Transport, now: float) -> None:
        """Carry out what ICE and DTLS want after anything has happened to them."""
        self._send(leg, web)
        columns, slot = self._table.columns, leg.slot
        due = web.next_timer_at()
        columns.web_at[slot] = np.inf if due is None else due
        if web.failure is not None:
            if not leg.web_failed:
                leg.web_failed = True
                self._wire.hush(slot)
                self._emit(Failed(leg.id, *web.failure))
            return
        crypto, selected = web.crypto, web.selected
        if crypto is None or selected is None:
            return
        fresh = leg.srtp is None or leg.srtp.crypto != crypto
        if fresh:
            self._table.secure(leg, crypto)
            columns.heard_at[slot] = now
            columns.marker[slot] = True
            self._table.changed()
        if leg.latch.source != selected:
            leg.latch.source = selected
            self._aim(slot, selected)
        if fresh:
            self._emit(Secured(leg.id, selected, crypto.suite, round((now - leg.connected_at) * 1000)))

    def _aim(self, slot: int, selected: Address) -> None:
        columns = self._table.columns
        if columns.locked[slot]:
            columns.locked[slot] = False
            self._wire.unlock(slot, selected)
            self._table.changed()
        else:
            self._wire.aim(slot, selected)

    def _send(self, leg: Leg, web: Transport) -> None:
        for datagram, to in web.take():
            self._wire.send_to(leg.slot, datagram, to)

"""All WebRTC legs of an engine: ICE and DTLS on their RTP sockets, and when these open for RTP.

::

    STUN, DTLS ─▶ receive ─▶ Transport ─▶ datagrams out
                                 ╰─▶ Secured (the leg opens) · Failed

Until then such a leg sends to nobody and hears nobody. Opened, it is a leg like any other of SRTP: the
keys are DTLS's, the source is ICE's, RTCP shares the port.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.schema import MediaLimits
from media.leg import Leg, LegTable
from media.port import Allocated, Event, Failed, Secured, WebRtc
from media.rtp.latch import SILENCE, Address, Latch, Verdict
from media.socket import UdpWire
from media.webrtc import stun
from media.webrtc.dtls import Certificate
from media.webrtc.stun import Kind
from media.webrtc.transport import Transport

STUN_AGAIN: Final = 0.15
"An unanswered question to a STUN server is repeated after so long [s]."
SETTLED: Final = 5.0
"So long after ICE has chosen, the peer may still choose another address; then the kernel filters [s]."


@dataclass(slots=True)
class Ask:
    """A question to STUN servers: where do you see this port (RFC 8489 §7)?"""

    servers: tuple[Address, ...]
    transaction: bytes
    again: float
    until: float


class IceLatch(Latch):
    """The source is whom ICE has selected; others of the peer's proven addresses are heard too."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def aim(self, remote: Address, now: float, signalling: str = "") -> None:
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
        self._asked: dict[int, Ask] = {}
        "By slot: legs whose port is being looked at from outside."
        self._slots: set[int] = set()
        "Of the legs that have a transport."

    @property
    def asking(self) -> bool:
        """Ticks are needed: a STUN server may answer."""
        return bool(self._asked)

    @property
    def certificate(self) -> Certificate:
        """Ours, made when it is first asked for."""
        if self._certificate is None:
            self._certificate = Certificate()
        return self._certificate

    def allocate(self, leg: Leg, servers: tuple[Address, ...], now: float) -> bool:
        """Tell of the leg's port: now, or when a STUN server has seen it, or none will; whether to tick."""
        if not servers:
            self._allocated(leg, None)
            return False
        until = now + self._limits.stun_timeout
        self._asked[leg.slot] = Ask(servers, self._random_bits(96).to_bytes(12, "big"), now, until)
        self.handle_timers(now)
        return True

    def connect(self, leg: Leg, terms: WebRtc, now: float) -> None:
        """Take what an offer and answer say; the first time, ICE begins."""
        if leg.web is None:
            leg.web = Transport(terms, self.certificate, self._limits, self._random_bits, now)
            leg.latch = IceLatch(leg.web)
            self._slots.add(leg.slot)
        else:
            leg.web.change(terms, now)
        self._settle(leg, leg.web, now)

    def receive(self, leg: Leg, datagram: bytes, source: Address, now: float) -> None:
        """Take a datagram that is not RTP."""
        if leg.web is not None:
            leg.web.receive(datagram, source, now)
            self._settle(leg, leg.web, now)

    def handle_timers(self, now: float) -> None:
        for slot in list(self._asked):
            self._ask(self._table.at(slot), now)
        if not self._slots:
            return
        for slot in np.flatnonzero(self._table.columns.web_at <= now).tolist():
            leg = self._table.at(slot)
            if leg.web is not None:
                leg.web.handle_timer(now)
                self._settle(leg, leg.web, now)

    def send_rtcp(self, leg: Leg, datagram: bytes) -> None:
        """On the port of RTP (RFC 5761); to nobody, as long as there are no keys, or without that RFC."""
        if leg.srtp is not None and leg.web is not None and leg.web.terms.mux:
            self._wire.send(leg.slot, leg.srtp.seal_rtcp(datagram))

    def release(self, leg: Leg, now: float) -> None:
        self._asked.pop(leg.slot, None)
        if leg.web is not None:
            leg.web.close(now)
            self._send(leg, leg.web)
            leg.web = None
            self._slots.discard(leg.slot)

    # Inside.

    def _ask(self, leg: Leg, now: float) -> None:
        ask, slot = self._asked[leg.slot], leg.slot
        while (received := self._wire.receive_from(slot)) is not None:
            datagram, source = received
            answer = stun.parse(bytes(datagram))
            if answer is None or answer.transaction != ask.transaction or source not in ask.servers:
                continue
            if answer.kind is Kind.SUCCESS and answer.mapped is not None:
                del self._asked[slot]
                self._allocated(leg, answer.mapped)
                return
        if now >= ask.until:
            del self._asked[slot]
            self._allocated(leg, None)
        elif now >= ask.again:
            ask.again = now + STUN_AGAIN
            for server in ask.servers:
                self._wire.send_to(slot, stun.build(Kind.REQUEST, ask.transaction, ()), server)

    def _allocated(self, leg: Leg, seen: Address | None) -> None:
        self._emit(Allocated(leg.id, leg.port, self.certificate.fingerprint, seen))

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

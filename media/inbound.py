"""What comes in: datagrams → jitter buffers, digits and counters.

Plain packets of 20 ms of the expected payload type and SSRC pass in columns, those of SRTP once they have
been opened, and tickets in the place of payloads that are not of 160 bytes (Opus, L16). Everything else
goes one by one: other packet times, telephone events, comfort noise, CSRCs, extensions and padding, new
streams, RTCP on the RTP port, and garbage, which is counted.
"""

from collections import deque
from collections.abc import Callable, Collection
from typing import Final

import numpy as np

from media.codec.table import PARCELLED, clock_ratio
from media.dsp.comfort import amplitude
from media.leg import Leg, LegTable
from media.payload import Payloads
from media.plan import Plan
from media.port import Event, Latched
from media.rtp import packet, rtcp
from media.rtp.jitter import JitterBuffer
from media.rtp.latch import Address, Verdict
from media.rtp.packet import HEADER_BYTES, Packet
from media.rtp.reframe import Reframer
from media.rtp.statistics import Reception
from media.rtp.telephone_event import EVENTS, Press
from media.socket import PACKET_BYTES, ROW_BYTES, UdpWire, is_reachable
from media.srtp import rows_of
from media.webrtc.legs import WebLegs

COMFORT_NOISE: Final = (13, 19)
"RFC 3389, and what its drafts used (RFC 3551 §6), which some gateways still do."
WAVES: Final = 16
"Datagrams read of one locked leg in one tick."
LISTEN: Final = 16
"Datagrams read of one leg in one tick before its source is locked."
LATEST: Final = 4
"Of a backlog, what is still worth playing."
QUEUED: Final = 512
"More than a socket's receive buffer holds."
DRAIN_EVERY: Final = 16
"Rounds of a group after which each socket is read until it is empty, and so long that of an unsteady peer."
_VERSION: Final = 0x80
"First byte of RTP and RTCP, its two highest bits."
_RTCP: Final = 0xC0
"Second byte of RTCP on the RTP port, its three highest bits (RFC 5761 §4)."
NO_NUMBER: Final = -1
_NOBODY: Final[tuple[Collection[int], ...]] = ()
_PLAIN_MASK: Final = 0xFF7F_0000


class Inbound:
    def __init__(
        self,
        table: LegTable,
        wire: UdpWire,
        reception: Reception,
        jitter: JitterBuffer,
        emit: Callable[[Event], None],
        pressed: Callable[[Leg, Press], None],
        web: WebLegs,
    ) -> None:
        self._table = table
        self._wire = wire
        self._reception = reception
        self._jitter = jitter
        self._emit = emit
        self._pressed = pressed
        self._web = web
        self._memory = rows_of(wire.received)
        self._payloads = Payloads(table, reception, jitter)
        self._unsteady = np.zeros(len(table.columns.connected), np.int64)
        """Round until which a slot's socket is read until it is empty: nothing, or more than one packet, was
        there before, and what is left there now would be late in every round to come."""
        self._round, self._late = 0, 0.0
        self._emptied: tuple[Collection[int], ...] = _NOBODY
        "Slots of whose sockets nothing was left unread in the last tick."
        self.pressing: set[int] = set()
        "Slots on which a key is held down."

    def forget(self, slot: int) -> None:
        """The slot's leg goes."""
        self._unsteady[slot] = 0
        self.pressing.discard(slot)

    def receive(self, plan: Plan, group: int, now: float, late: float) -> None:
        """Read what is due in this tick. Args: late: so much ago [s]."""
        self._late = late
        self._round += group == 0
        missed: list[int] = []
        emptied: list[int] = []
        for slot in plan.listen.intersection(self._wire.ready()) if plan.listen else ():
            self._listen(slot, group, now)
        count = self._wire.receive(plan.poll, missed)
        if count:
            self._admit(count, group, now)
            again = self._hungry(count)
            self._emptied = _NOBODY  # what is read now has waited behind another one
            for _ in range(WAVES):
                if not again:
                    break
                count = self._wire.receive(again, emptied)
                again = self._wire.owner[:count].tolist()
                if count:
                    self._unsteady[again] = self._round + DRAIN_EVERY
                    self._admit(count, group, now)
        if missed:
            self._unsteady[missed] = self._round + DRAIN_EVERY
        self._emptied = plan.listen, missed, emptied

    def aim(self, leg: Leg, before: Address | None, remote: Address) -> None:
        """Send to another address of the leg's peer, and hear every source until one is sure."""
        leg.rtcp_to = None
        target, source = remote, leg.latch.source or remote
        if source != before and is_reachable(target) and is_reachable(source):
            # A peer behind NAT never was where its SDP says: answer its source until another one latches.
            target = source
        if self._table.columns.locked[leg.slot]:
            self._table.columns.locked[leg.slot] = False
            self._wire.unlock(leg.slot, target)
        else:
            self._wire.aim(leg.slot, target)

    def drain_all(self) -> None:
        """Read every socket until it is empty, from its next round on: the engine has stalled."""
        self._unsteady[:] = self._round + DRAIN_EVERY

    def _hungry(self, count: int) -> list[int]:
        """Of the slots that had a packet, those of which more are read."""
        owners = self._wire.owner[:count]
        if self._round % DRAIN_EVERY:
            owners = owners[self._unsteady[owners] > self._round]
        slots: list[int] = owners.tolist()
        return slots

    def _admit(self, count: int, group: int, now: float) -> None:
        columns, wire, reception = self._table.columns, self._wire, self._reception
        if self._table.secured:
            self._open(count, now)
        rows = wire.owner[:count]
        words = wire.words[:count, :3].astype(np.int64)
        first = words[:, 0]
        extended = reception.extend(rows, first & 0xFFFF)
        plain = ((first & _PLAIN_MASK) == columns.expect[rows]) & (words[:, 2] == reception.ssrc[rows])
        plain &= ~reception.is_jump(extended, rows)
        frames = wire.received[:count, HEADER_BYTES:PACKET_BYTES]
        sized = wire.size[:count] == PACKET_BYTES
        if (parcelled := PARCELLED[columns.law_in[rows]]).any():
            sized[parcelled] = False
            for position in np.flatnonzero(plain & parcelled).tolist():
                leg = self._table.at(int(rows[position]))
                frame = self._payloads.ticket(leg, bytes(wire.row(position)[HEADER_BYTES:]))
                if frame is not None:
                    frames[position], sized[position] = frame, True
                    words[position, 1] //= leg.clock_ratio
        plain &= sized
        if not plain.all():
            for position in np.flatnonzero(~plain).tolist():
                self._one(self._table.at(int(rows[position])), wire.row(position), now)
            rows, words, extended, frames = rows[plain], words[plain], extended[plain], frames[plain]
            first = words[:, 0]
        paused = reception.pauses(rows, extended, words[:, 1]) if self._jitter.holds(rows) else False
        reception.count(rows, extended, words[:, 1], now)
        self._jitter.insert(rows, extended, frames, ((first & 0x80_0000) != 0) | paused)
        columns.heard_at[rows] = now
        columns.hushed[rows] = False
        if self._table.phases.unaligned:
            owners = wire.owner[:count]
            for slot in owners[~columns.aligned[owners]].tolist():
                self._align(slot, group)

    def _align(self, slot: int, group: int) -> None:
        sole = any(slot in slots for slots in self._emptied)
        if self._table.phases.align(slot, group, self._late, sole=sole):
            self._unsteady[slot] = self._round + DRAIN_EVERY
            self._jitter.moved(slot)

    def _open(self, count: int, now: float) -> None:
        """Decrypt the SRTP among the rows in place; what is forged or replayed is left with no byte."""
        wire, contexts = self._wire, self._table.contexts
        rows = np.flatnonzero(self._table.columns.secured[wire.owner[:count]])
        slots, heads = wire.owner[rows], wire.received[rows, :2]
        together = (heads[:, 0] & 0xC0 == _VERSION) & (heads[:, 1] & 0xE0 != _RTCP) & ~contexts.single[slots]
        if not together.all():
            for row, slot in zip(rows[~together].tolist(), slots[~together].tolist(), strict=True):
                self._open_one(row, self._table.at(slot), now)
            rows, slots = rows[together], slots[together]
        if len(rows):
            memory = self._memory
            if len(rows) < count:
                memory = [memory[row] for row in rows.tolist()]
            wire.size[rows] = contexts.open(slots.tolist(), memory, wire.size[rows])

    def _open_one(self, row: int, leg: Leg, now: float) -> None:
        datagram = self._wire.row(row)
        if leg.web is not None and leg.latch.source is not None and not packet.is_rtp(datagram):
            self._web.receive(leg, bytes(datagram), leg.latch.source, now)
        elif leg.srtp is not None:
            rtcp = packet.is_rtcp(datagram)
            self._wire.size[row] = leg.srtp.open_at(self._memory[row], len(datagram), rtcp=rtcp)

    # One by one.

    def _listen(self, slot: int, group: int, now: float) -> None:
        """Read a leg that may hear several sources, and lock it when its source is sure."""
        leg, columns = self._table.at(slot), self._table.columns
        for _ in range(LISTEN):
            received = self._wire.receive_from(slot)
            if received is None:
                break
            if self._judge(leg, *received, now) and not columns.aligned[slot]:
                self._align(slot, group)
        silence = now - float(columns.heard_at[slot])
        if leg.latch.source is None or not leg.latch.is_locked(silence, now) or not leg.latch.source[1]:
            return
        self._wire.lock(slot, leg.latch.source)
        columns.locked[slot] = True
        self._table.changed()
        # What others sent before the kernel began to filter; of what its own source did the end is enough.
        own: deque[bytes] = deque(maxlen=LATEST)
        for _ in range(QUEUED):
            received = self._wire.receive_from(slot)
            if received is None:
                break
            datagram, source = received
            if source == leg.latch.source:
                own.append(bytes(datagram))
            else:
                self._judge(leg, datagram, source, now)
        for late in own:
            self._judge(leg, memoryview(late), leg.latch.source, now)

    def _judge(self, leg: Leg, datagram: memoryview, source: Address, now: float) -> bool:
        """Take one datagram of a leg that is not locked; whether it was RTP that is heard."""
        columns, slot = self._table.columns, leg.slot
        if leg.web is not None and not packet.is_rtp(datagram):
            self._web.receive(leg, bytes(datagram), source, now)
            return False
        if leg.web is not None and (leg.srtp is None or not leg.web.knows(source)):
            columns.foreign[slot] += 1
            return False
        if leg.srtp is not None and not packet.is_stun(datagram):
            datagram = memoryview(leg.srtp.open(bytes(datagram)))
        parsed = packet.parse(datagram)
        if parsed is None or not self._is_accepted(leg, parsed) or packet.is_rtcp(datagram):
            if leg.latch.source in (None, source):
                self._one(leg, datagram, now)
            else:
                columns.foreign[slot] += 1
                leg.stranger = source
            return False
        silence = now - float(columns.heard_at[slot])
        match leg.latch.offer(source, parsed.ssrc, silence, now):
            case Verdict.FOREIGN:
                columns.foreign[slot] += 1
                leg.stranger = source
                return False
            case Verdict.LATCHED:
                if source[1]:  # tools that send from port 0 are heard, and answered where their SDP says
                    self._wire.aim(slot, source)
                self._emit(Latched(leg.id, source))
        self._hear(leg, parsed, now)
        return True

    def _one(self, leg: Leg, datagram: memoryview, now: float) -> None:
        """Take one datagram from a source that may be heard."""
        if packet.is_stun(datagram):
            return
        if leg.web is not None and len(datagram) and not packet.is_rtp(datagram):
            return  # DTLS, taken already; what was forged has no byte left
        if packet.is_rtcp(datagram):
            self.control(leg, datagram, now)
            return
        parsed = packet.parse(datagram)
        if parsed is None or len(datagram) == ROW_BYTES or not self._is_accepted(leg, parsed):
            self._table.columns.malformed[leg.slot] += 1
            leg.unknown_type = parsed.payload_type if parsed is not None else leg.unknown_type
            return
        self._hear(leg, parsed, now)

    def control(self, leg: Leg, datagram: memoryview, now: float) -> None:
        """Take one RTCP datagram."""
        reports = rtcp.parse(datagram, reduced=leg.web is not None and leg.web.terms.reduced)
        if reports is None:
            self._table.columns.malformed[leg.slot] += 1
            return
        columns = self._table.columns
        mentioned = leg.rtcp.receive(reports, int(columns.ssrc[leg.slot]), now)
        columns.reported_at[leg.slot] = now
        if reports:  # feedback alone says nothing of what is heard
            columns.unmentioned[leg.slot] = 0 if mentioned else columns.unmentioned[leg.slot] + 1
        if mentioned:
            leg.coders.expect_loss(leg.rtcp.remote_percent)

    def _is_accepted(self, leg: Leg, parsed: Packet) -> bool:
        return parsed.payload_type in (*COMFORT_NOISE, *leg.laws, *leg.events)

    def _hear(self, leg: Leg, parsed: Packet, now: float) -> None:
        columns, slot = self._table.columns, leg.slot
        columns.heard_at[slot] = now
        law = leg.laws.get(parsed.payload_type)
        # Some send events under an SSRC of their own, which is no new stream of audio.
        apart = law is None and self._reception.ssrc[slot] not in (-1, parsed.ssrc)
        number = NO_NUMBER if apart else self._number(leg, parsed, law, now)
        if number is None:
            return
        if law is not None and len(parsed.payload):
            return self._payloads.hear(leg, parsed, law, number)
        if law is None:
            self._unsteady[slot] = self._round + DRAIN_EVERY  # audio may come beside it
            columns.hushed[slot] = True
            if parsed.payload_type not in leg.events:
                columns.noise[slot] = amplitude(parsed.payload)
            else:
                columns.noise[slot] = 0.0
                self._hear_event(leg, parsed, now)
        if leg.reframer is None and leg.parceller is None and not apart:
            self._jitter.void(slot, number)

    def _number(self, leg: Leg, parsed: Packet, law: int | None, now: float) -> int | None:
        """The packet's extended sequence number; `None` for a stray one (RFC 3550 A.1)."""
        reception, slot = self._reception, leg.slot
        ratio = leg.clock_ratio if law is None else clock_ratio(law)
        stamp = parsed.timestamp // ratio  # jitter is counted at 8 kHz
        if reception.ssrc[slot] == parsed.ssrc:
            extended = reception.count_one(slot, parsed.sequence, stamp, now)
            if extended is not None:
                return extended
            if not reception.confirms_jump(slot, parsed.sequence):
                return None
        number = reception.begin(slot, parsed.ssrc, parsed.sequence, stamp, now)
        self._table.begun(slot)
        self._jitter.restart(slot, number)
        if leg.reframer is not None:
            leg.reframer = Reframer(parsed.timestamp, number)
            self._jitter.restart(slot, number, leg.reframer.partial)
        if leg.parceller is not None:
            leg.parceller = leg.parceller.anew(parsed.timestamp, number)
            self._jitter.restart(slot, number, leg.parceller.partial)
        return number

    def _hear_event(self, leg: Leg, parsed: Packet, now: float) -> None:
        leg.digits_in.clock_rate = leg.events.get(parsed.payload_type, leg.digits_in.clock_rate)
        for press in leg.digits_in.receive(parsed.payload, parsed.timestamp, now):
            self._pressed(leg, press)
        if len(parsed.payload) and parsed.payload[0] < len(EVENTS):
            leg.presses.goes_on(EVENTS[parsed.payload[0]], "rfc4733", now)
        (self.pressing.add if leg.digits_in.is_pressed() else self.pressing.discard)(leg.slot)

    def handle_timer(self, now: float) -> None:
        """End presses whose last packets were lost."""
        for slot in list(self.pressing):
            leg = self._table.at(slot)
            for press in leg.digits_in.handle_timer(now):
                self._pressed(leg, press)
                self.pressing.discard(slot)

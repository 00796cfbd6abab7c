"""Legs on which nobody says anything: they are sent one packet a second, not fifty.

::

    sends ─ nothing for it, nothing from it nor from whom it hears, for SILENCE s ─▶ quiet
      ▲                                                                               │
      └─ in the tick in which any of that changes: timestamp as time has passed, marker ┘

What is sent to who hears nothing is silence, so that a NAT on the way opens and stays so (RFC 6263 §4 asks
for a packet in 15 s), that a peer which answers where our packets come from finds out soon, whenever it
begins to listen, and that nobody takes the line for dead. For all that one a second is enough, and to pause
is the right of every sender (RFC 3551 §4.1). Left as they were are browsers and packets of other times than
20 ms.
"""

from typing import Final

import numpy as np

from media.codec.table import FIRST_WIDE, LAWS, wide
from media.frame import FRAME_SAMPLES, FRAME_SECONDS, Mask, Rows
from media.leg import Leg, LegTable
from media.rtp import packet
from media.rtp.latch import SILENCE
from media.socket import UdpWire

_SOON: Final = FRAME_SECONDS / 2
"From the last tick of a leg, and to its next one, on average [s]."
KEEP_OPEN: Final = 1.0
"[s] between two packets."
SILENCE_WIDE: Final = np.zeros(320, np.int16)
"20 ms at 16 kHz."


class Quiet:
    def __init__(self, table: LegTable, wire: UdpWire) -> None:
        self._table = table
        self._wire = wire
        self._any = False

    def settle(self, now: float) -> None:
        """Let those pause who are sent nothing but silence, and say nothing; called every 100 ms or so."""
        columns = self._table.columns
        if self._any:
            quiet = columns.quiet & columns.connected  # of a leg that is gone, the slot is wiped later
            for slot in (quiet & (now - columns.quiet_at >= KEEP_OPEN)).nonzero()[0].tolist():
                self.keep_open(slot, now)
        silent = (now - columns.heard_at >= SILENCE) & columns.connected & columns.may_send & ~columns.quiet
        slots = silent.nonzero()[0]
        if not len(slots):
            return
        for slot in slots[self._rest(slots, now)].tolist():
            if self._table.at(slot).web is None:
                columns.quiet[slot] = self._any = True
                columns.quiet_at[slot] = now - _SOON
                self._table.changed()

    def stir(self, now: float) -> None:
        """Go on sending to those for whom there is something, or who have something to say."""
        if not self._any:
            return
        columns = self._table.columns
        slots = columns.quiet.nonzero()[0]
        self._any = len(slots) > 0
        for slot in slots[~self._rest(slots, now)].tolist():
            columns.quiet[slot] = False
            columns.marker[slot] = True
            self._pass_time(slot, now + _SOON)
            columns.timestamp[slot] -= self._step(slot)  # whoever sends next adds it
            self._table.changed()

    def keep_open(self, slot: int, now: float) -> None:
        """Send one packet of silence to a leg, if it is quiet."""
        columns = self._table.columns
        leg = self._table.at(slot)
        if not columns.quiet[slot] or leg.connect is None:
            return
        self._pass_time(slot, now)
        columns.sequence[slot] += 1
        columns.packets_sent[slot] += 1
        silence = self._silence(leg)
        columns.octets_apart[slot] += len(silence) - FRAME_SAMPLES
        datagram = packet.build(
            leg.connect.codec.payload_type,
            True,
            int(columns.sequence[slot]),
            int(columns.timestamp[slot]),
            int(columns.ssrc[slot]),
            silence,
        )
        self._wire.send(slot, datagram if leg.srtp is None else leg.srtp.seal(datagram))

    # Inside.

    def _rest(self, slots: Rows, now: float) -> Mask:
        """Of which of these connected legs neither side needs a packet."""
        columns = self._table.columns
        source = columns.source[slots]
        hears = source >= 0
        heard = np.maximum(columns.heard_at[slots], np.where(hears, columns.heard_at[source], -np.inf))
        # In whole columns: to gather the slots of each would cost more.
        busy = columns.agent | columns.playing | columns.dialling | columns.taped | columns.packed
        needed = busy[slots] | (columns.room[slots] >= 0)
        needed |= hears & columns.hushed[source]  # comfort noise is made up for who said that it pauses
        rest: Mask = ~needed & (now - heard >= SILENCE)
        return rest

    def _silence(self, leg: Leg) -> bytes:
        """20 ms of it in the codec that the leg is sent."""
        law = int(self._table.columns.law_out[leg.slot])
        if law < FIRST_WIDE:
            return bytes([LAWS[law].silence]) * FRAME_SAMPLES
        # Coders remember what went before: what is left out in the pause is no part of their stream.
        return leg.coders.encode(wide(law), SILENCE_WIDE)

    def _step(self, slot: int) -> int:
        """Units of the RTP clock in 20 ms."""
        law = int(self._table.columns.law_out[slot])
        return FRAME_SAMPLES if law < FIRST_WIDE else wide(law).step

    def _pass_time(self, slot: int, now: float) -> None:
        """Let the timestamp be that of a packet that is sent at `now`."""
        columns = self._table.columns
        frames = max(1, round((now - columns.quiet_at[slot]) / FRAME_SECONDS))
        columns.timestamp[slot] += frames * self._step(slot)
        columns.quiet_at[slot] += frames * FRAME_SECONDS

"""What single packets hold → frames in the jitter buffer: payloads of any length, in any codec of the leg.

Who sends other packets than 20 ms is reframed, or, where payloads cannot be cut, parcelled.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from media.codec.opus import NOTHING_SAID
from media.codec.table import FIRST_WIDE, TO_OTHER, wide
from media.columns import NEVER
from media.frame import FRAME_SAMPLES, Frames
from media.leg import Leg, LegTable
from media.rtp.jitter import JitterBuffer
from media.rtp.packet import Packet
from media.rtp.parcel import Parceller
from media.rtp.reframe import Part, Reframer
from media.rtp.statistics import Reception

PLAIN_RUN: Final = 50
"Packets of 20 ms in a row after which a leg is reframed no longer, if nothing waits…"
PLAIN_PATIENCE: Final = 10 * PLAIN_RUN
"…or whatever waits."


class Payloads:
    def __init__(self, table: LegTable, reception: Reception, jitter: JitterBuffer) -> None:
        self._table = table
        self._reception = reception
        self._jitter = jitter

    def ticket(self, leg: Leg, payload: bytes) -> Frames | None:
        """The row that stands for what a plain packet holds; None where that is not simply 20 ms of audio."""
        codec = wide(int(self._table.columns.law_in[leg.slot]))
        if len(payload) <= NOTHING_SAID or codec.ticks(payload) != codec.step:
            return None
        return leg.coders.deposit((payload,))

    def hear(self, leg: Leg, parsed: Packet, law: int, number: int) -> None:
        columns, slot = self._table.columns, leg.slot
        columns.hushed[slot] = False
        if (before := int(columns.law_in[slot])) != law:
            if before < FIRST_WIDE and law < FIRST_WIDE:
                self._jitter.recode(slot, TO_OTHER[before])
            else:
                leg.reframer = leg.parceller = None
                self._jitter.restart(slot, number)
                if columns.gap[slot] == 0:
                    leg.coders.begin(joins=before)
                    if law < FIRST_WIDE:
                        self._jitter.join(slot)
                    else:
                        self._table.joining[slot] = 0
            self._table.expect(leg, parsed.payload_type, law)
        if law >= FIRST_WIDE and wide(law).parcels:
            self._hear_parcel(leg, parsed, law, number)
            return
        frame = np.frombuffer(parsed.payload, np.uint8)
        marker = parsed.marker or self._reception.paused(slot, len(frame))
        if leg.reframer is None:
            if len(frame) == FRAME_SAMPLES:
                self._jitter.insert_one(slot, number, frame, marker=marker)
                return
            leg.reframer = Reframer(parsed.timestamp, number)
            leg.plain_run = 0
            self._renumber(slot, number, leg.reframer.partial)
            columns.expect[slot] = NEVER
        leg.plain_run = leg.plain_run + 1 if len(frame) == FRAME_SAMPLES else 0
        if leg.plain_run >= PLAIN_RUN:
            seamless = not leg.reframer.partial and self._jitter.waiting(slot) == 0
            if seamless or leg.plain_run >= PLAIN_PATIENCE:
                leg.reframer = None
                self._table.expect(leg, parsed.payload_type, law)
                self._renumber(slot, number, cut=not seamless)
                self._jitter.insert_one(slot, number, frame)
                return
        marker |= leg.reframer.spurt
        ready = leg.reframer.add(parsed.timestamp, frame)
        leg.reframer.spurt = marker and not ready
        for place, whole in ready:
            self._jitter.insert_one(slot, place, whole, marker=marker)

    def _renumber(
        self, slot: int, number: int, partial: Mapping[int, Part] | None = None, *, cut: bool = False
    ) -> None:
        """Number the frames of a stream in another way, from this one on; what waits is left out.

        Args: cut: and a part of a frame beside.
        """
        cut |= self._jitter.waiting(slot) > 0
        self._jitter.restart(slot, number, partial)
        if cut:
            self._jitter.join(slot)

    def _hear_parcel(self, leg: Leg, parsed: Packet, law: int, number: int) -> None:
        codec, payload = wide(law), bytes(parsed.payload)
        ticks = codec.ticks(payload)
        if not ticks:
            self._table.columns.malformed[leg.slot] += 1
            return
        if len(payload) <= NOTHING_SAID:
            self._table.columns.hushed[leg.slot] = True
            self._table.columns.noise[leg.slot] = 0.0
        marker = parsed.marker or self._reception.paused(leg.slot, ticks * FRAME_SAMPLES // codec.step)
        if leg.parceller is None:
            if ticks == codec.step:
                self._jitter.insert_one(leg.slot, number, leg.coders.deposit((payload,)), marker=marker)
                return
            leg.parceller = Parceller(parsed.timestamp, number, codec.step, leg.coders.deposit)
            self._table.expect(leg, parsed.payload_type, law)
            self._renumber(leg.slot, number, leg.parceller.partial)
        marker |= leg.parceller.spurt
        ready = leg.parceller.add(parsed.timestamp, ticks, payload)
        leg.parceller.spurt = marker and not ready
        for place, parcel in ready:
            self._jitter.insert_one(leg.slot, place, leg.coders.deposit(parcel), marker=marker)

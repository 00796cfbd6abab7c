"""What goes out: one RTP packet per sending leg and frame, written in columns.

A connected leg that may send always sends: what it hears, a prompt, an agent, digits, or
silence, so that a NAT on the way stays open. Sequence, timestamp and SSRC are the leg's own,
whatever it relays (RFC 3550 §5.1); the timestamp moves on while digits take the place of audio.
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from media.codec.table import SILENCE, TO_OTHER, encode
from media.frame import FRAME_SAMPLES, Frames, Mask, Pcm, Slots
from media.leg import LegTable
from media.plan import Plan
from media.port import DigitsSent, Event
from media.rtp.packet import HEADER_BYTES
from media.socket import PACKET_BYTES, UdpWire

_MARKER: Final = 0x80_0000
_EVENT_BYTES: Final = 4


class Speaks(Protocol):
    def speak(self, rows: Slots, now: float) -> tuple[Pcm, Mask]: ...


class Outbound:
    def __init__(self, table: LegTable, wire: UdpWire, agents: Speaks, emit: Callable[[Event], None]) -> None:
        self._table = table
        self._wire = wire
        self._agents = agents
        self._emit = emit

    def send(self, plan: Plan, heard: Frames, now: float) -> None:
        """Send one packet to each of `plan.send`; `heard` are the frames of `plan.take`."""
        count = len(plan.send)
        if not count:
            return
        columns, rows = self._table.columns, plan.send
        payload = self._wire.outgoing[:count, HEADER_BYTES:PACKET_BYTES]
        if len(plan.silent):
            payload[plan.silent] = SILENCE[columns.law_out[rows[plan.silent]]][:, None]
        for relay in plan.relays:
            frames = heard[relay.take]
            if relay.law_in != relay.law_out:
                frames = np.take(TO_OTHER[relay.law_in], frames, mode="clip")
            payload[relay.send] = frames
        if len(plan.spoken):
            pcm, _ = self._agents.speak(plan.spoken_slots, now)
            payload[plan.spoken] = encode(pcm, columns.law_out[plan.spoken_slots])
        for position, slot in plan.playing:
            self._play(position, slot)
        sequence = columns.sequence[rows] + 1
        columns.sequence[rows] = sequence
        timestamp = columns.timestamp[rows] + FRAME_SAMPLES
        columns.timestamp[rows] = timestamp
        words = self._wire.outgoing_words[:count]
        words[:, 0] = columns.header[rows] | (columns.marker[rows] * _MARKER) | (sequence & 0xFFFF)
        words[:, 1] = timestamp & 0xFFFF_FFFF
        words[:, 2] = columns.ssrc[rows]
        columns.marker[rows] = False
        columns.packets_sent[rows] += 1
        cut = self._dial(plan) if plan.dialling else {}
        self._wire.transmit(plan.send_slots, cut)

    def _play(self, position: int, slot: int) -> None:
        playback = self._table.at(slot).playback
        law = int(self._table.columns.law_out[slot])
        ended = playback.frame(law, self._wire.payload(position))
        if not ended:
            return
        for played in ended:
            self._emit(played)
        if not playback.is_audible():
            self._table.columns.playing[slot] = False
            self._table.changed()

    def _dial(self, plan: Plan) -> dict[int, int]:
        """Put telephone events in place of audio; return the shorter packets' sizes by position."""
        columns = self._table.columns
        cut: dict[int, int] = {}
        for position, slot in plan.dialling:
            leg = self._table.at(slot)
            event, done = leg.digits_out.frame()
            if done is not None:
                self._emit(DigitsSent(leg.id, done))
            if leg.digits_out.is_idle():
                columns.dialling[slot] = False
                self._table.changed()
            if event is None or leg.connect is None or leg.connect.dtmf is None:
                continue
            words = self._wire.outgoing_words[position]
            words[0] = (
                0x8000_0000
                | event.marker * _MARKER
                | leg.connect.dtmf << 16
                | int(columns.sequence[slot]) & 0xFFFF
            )
            words[1] = (int(columns.timestamp[slot]) - event.samples_since_start) & 0xFFFF_FFFF
            self._wire.payload(position)[:_EVENT_BYTES] = event.payload
            cut[position] = HEADER_BYTES + _EVENT_BYTES
            columns.marker[slot] = True
        return cut

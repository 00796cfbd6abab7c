"""What goes out: one RTP packet per sending leg and frame, written in columns.

A connected leg that may send sends what it hears, a prompt, an agent, digits, or silence, so that a NAT on
the way stays open; only where nobody says anything it pauses (`quiet.py`). Sequence, timestamp and SSRC are
the leg's own, whatever it relays (RFC 3550 §5.1); the timestamp moves on while digits take the place of
audio.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np

from media.codec.opus import NOTHING_SAID
from media.codec.table import FIRST_WIDE, LAWS, SILENCE, TO_OTHER, ULAW, encode
from media.frame import FRAME_SAMPLES, Frames, Mask, Pcm, Slots
from media.leg import LegTable
from media.mix import Mix
from media.plan import Plan, Roll, WidePlan
from media.playback import FINE
from media.port import DigitDue, DigitsSent, Event
from media.record import Recorder
from media.rtp import packet
from media.rtp.packet import HEADER_BYTES
from media.socket import PACKET_BYTES, UdpWire
from media.splice import Splices
from media.srtp import rows_of
from media.wideband import NOTHING, RATE, SAMPLES, Sound, Wideband

_MARKER: Final = 0x80_0000
_EVENT_BYTES: Final = 4
NO_PCM: Final[Pcm] = np.zeros((0, FRAME_SAMPLES), np.int16)


class Speaks(Protocol):
    def speak(self, rows: Slots, now: float, rate: int = 8000) -> tuple[Pcm, Mask]: ...


class Mixes(Protocol):
    def mix(self, mix: Mix) -> tuple[Pcm, Pcm]: ...
    def overhear(self, slot: int, pcm: Pcm, wide: Pcm | None) -> None: ...


class Outbound:
    def __init__(
        self,
        table: LegTable,
        wire: UdpWire,
        wideband: Wideband,
        agents: Speaks,
        rooms: Mixes,
        recorder: Recorder,
        emit: Callable[[Event], None],
    ) -> None:
        self._table = table
        self._wire = wire
        self._wideband = wideband
        self._agents = agents
        self._rooms = rooms
        self._recorder = recorder
        self._emit = emit
        self._memory = rows_of(wire.outgoing)
        self._splices = Splices(len(table.columns.connected))
        table.resets.append(self._splices.reset)

    def send(self, plan: Plan, sound: Sound, now: float) -> None:
        """Send one packet to each of `plan.send`; `sound` is that of `plan.take`."""
        count = len(plan.send)
        if not count:
            return
        columns, rows = self._table.columns, plan.send
        payload = self._wire.outgoing[:count, HEADER_BYTES:PACKET_BYTES]
        if len(plan.silent):
            payload[plan.silent] = SILENCE[columns.law_out[rows[plan.silent]]][:, None]
        for relay in plan.relays:
            frames = sound.frames[relay.take]
            if relay.law_in >= FIRST_WIDE:
                pcm = sound.pcm[relay.take]
                frames = np.take(LAWS[relay.law_out].from_linear, pcm.view(np.uint16), mode="clip")
            elif relay.law_in != relay.law_out:
                frames = np.take(TO_OTHER[relay.law_in], frames, mode="clip")
            payload[relay.send] = frames
        if len(plan.spoken):
            pcm, _ = self._agents.speak(plan.spoken_slots, now)
            payload[plan.spoken] = encode(pcm, columns.law_out[plan.spoken_slots])
        mixed, fuller = NO_PCM, NOTHING
        if plan.mix is not None:
            mixed, fuller = self._rooms.mix(plan.mix)
            narrow = plan.mix.narrow
            everyone = len(narrow) == len(mixed)
            low = mixed if everyone else mixed[narrow]
            payload[plan.mix.send] = encode(low, columns.law_out[plan.mix.slots[narrow]])
            mixed = NO_PCM if everyone else mixed[plan.mix.wide]
        for roll in plan.rolls:
            self._roll(roll, payload)
        for position, slot in plan.playing:
            self._play(slot, int(columns.law_out[slot]), self._wire.payload(position))
        spliced = self._splices.splice(rows, plan.hears, columns.law_out[rows], payload)
        coded: list[tuple[int, bytes | None]] = []
        if plan.wide_sends is not None:
            coded = self._code(plan.wide_sends, sound, mixed, fuller, now, spliced)
        sequence = columns.sequence[rows] + 1
        columns.sequence[rows] = sequence
        timestamp = columns.timestamp[rows] + plan.step
        columns.timestamp[rows] = timestamp
        words = self._wire.outgoing_words[:count]
        words[:, 0] = columns.header[rows] | (columns.marker[rows] * _MARKER) | (sequence & 0xFFFF)
        words[:, 1] = timestamp & 0xFFFF_FFFF
        words[:, 2] = columns.ssrc[rows]
        columns.marker[rows] = False
        columns.packets_sent[rows] += 1
        instead: dict[int, memoryview | bytes] = {}
        unsaid: list[int] = []
        for place, coding in coded:
            if coding is None:
                instead[place] = b""
            elif len(coding) <= NOTHING_SAID and self._table.at(int(rows[place])).coders.pauses:
                instead[place] = b""
                unsaid.append(place)
            elif len(coding) == FRAME_SAMPLES:
                self._wire.payload(place)[:] = coding
            else:
                instead[place] = bytes(self._wire.packet(place)[:HEADER_BYTES]) + coding
        for position, slot in plan.taped:
            self._tape(position, slot, now)
        if plan.dialling:
            self._dial(plan, instead)
        for position, slot in plan.packed:
            self._pack(position, slot, instead)
        for place, datagram in instead.items():
            if datagram:
                columns.octets_apart[rows[place]] += len(datagram) - PACKET_BYTES
            else:
                columns.packets_sent[rows[place]] -= 1
        for place in unsaid:
            if not instead[
                place
            ]:  # nothing is lost, and a talk spurt comes next (RFC 7587 §3.1.3, RFC 3551 §4.1)
                columns.sequence[rows[place]] -= 1
                columns.marker[rows[place]] = True
        grown = self._secure(plan, instead) if plan.secured[0] else None
        self._wire.transmit(plan.send_slots, instead, grown)

    def _code(
        self, plan: WidePlan, sound: Sound, mixed: Pcm, fuller: Pcm, now: float, spliced: frozenset[int]
    ) -> list[tuple[int, bytes | None]]:
        spoken = NOTHING
        if plan.spoken:
            spoken, _ = self._agents.speak(plan.spoken_slots, now, RATE)
        played = NO_PCM
        fine: dict[int, Pcm] = {}
        if plan.playing:
            companded = np.full((len(plan.playing), FRAME_SAMPLES), LAWS[ULAW].silence, np.uint8)
            for index, (position, slot) in enumerate(plan.playing):
                if self._table.at(slot).playback.is_fine:
                    fine[position] = np.empty(SAMPLES, np.int16)
                    self._play(slot, FINE, fine[position].data.cast("B"))
                else:
                    self._play(slot, ULAW, companded[index].data)
            played = LAWS[ULAW].to_linear[companded]
        narrow = np.concatenate((played, mixed))
        return self._wideband.send(plan, sound, spoken, narrow, fuller, fine, self._splices, spliced)

    def _tape(self, position: int, slot: int, now: float) -> None:
        """Give what the leg is sent to its recording, and to the room that hears its agent."""
        law = int(self._table.columns.law_out[slot])
        wide = None
        if law < FIRST_WIDE:
            pcm = LAWS[law].to_linear[np.frombuffer(self._wire.payload(position), np.uint8)]
        else:
            pcm, wide = self._wideband.sent(slot)
        recording = self._table.at(slot).recording
        if recording is not None:
            self._recorder.sent(recording, pcm, now, wide)
        if self._table.overheard(slot):
            self._rooms.overhear(slot, pcm, wide)

    def _pack(self, position: int, slot: int, instead: dict[int, memoryview | bytes]) -> None:
        """Make packets of the leg's own packet time; all but the last leave at once."""
        columns, leg = self._table.columns, self._table.at(slot)
        datagram = bytes(instead.get(position, self._wire.packet(position)))
        packer, connect = leg.packer, leg.connect
        assert packer is not None and connect is not None, "packed legs are connected"
        apart = len(datagram) <= HEADER_BYTES or datagram[1] & 0x7F != connect.codec.payload_type
        if apart:
            packets = packer.flush()  # a hole, or an event, is in the place of audio
        else:
            packets = packer.add(datagram[HEADER_BYTES:], int(columns.timestamp[slot]), datagram[1] >= 0x80)
        before = int(columns.sequence[slot]) - 1
        built = [
            packet.build(
                connect.codec.payload_type, marker, before + number, stamp, int(columns.ssrc[slot]), payload
            )
            for number, (payload, stamp, marker) in enumerate(packets, 1)
        ]
        if apart:  # it comes behind, and a hole leaves out a number, too
            columns.sequence[slot] = before + len(built) + 1
            following = (before + len(built) + 1) & 0xFFFF
            built.append(datagram and datagram[:2] + following.to_bytes(2, "big") + datagram[4:])
        else:
            columns.sequence[slot] = before + len(built)
        for early in built[:-1]:
            columns.packets_sent[slot] += 1
            columns.octets_apart[slot] += len(early) - PACKET_BYTES
            self._wire.send(slot, early if leg.srtp is None else leg.srtp.seal(early))
        instead[position] = built[-1] if built else b""

    def _secure(self, plan: Plan, instead: dict[int, memoryview | bytes]) -> Sequence[memoryview]:
        """Encrypt: packets of the columns in their rows, which are returned, others as copies."""
        (positions, slots), memory = plan.secured, self._memory
        if instead:
            columnar: list[tuple[int, int]] = []
            for position, slot in zip(positions, slots, strict=True):
                if (plain := instead.get(position)) is None:
                    columnar.append((position, slot))
                elif plain and (srtp := self._table.at(slot).srtp) is not None:
                    instead[position] = srtp.seal(bytes(plain))
            positions, slots = [position for position, _ in columnar], [slot for _, slot in columnar]
        every = len(positions) == len(plan.send)
        if not every:
            memory = [memory[position] for position in positions]
        sizes: list[int] = self._table.contexts.seal(slots, memory, PACKET_BYTES).tolist()
        if 0 in sizes:
            refused = [position for position, size in zip(positions, sizes, strict=True) if not size]
            instead.update(dict.fromkeys(refused, b""))
        return self._wire.sealed(None if every else positions, sizes, len(plan.send))

    def _roll(self, roll: Roll, payload: Frames) -> None:
        """Copy the next frames of one prompt for all that hear it; what is not plain is made singly."""
        columns, slots = self._table.columns, roll.slots
        starts = columns.track_at[slots]
        plain = starts <= columns.track_last[slots]
        windows = self._table.at(int(slots[0])).playback.track.windows[roll.law]
        if plain.all():
            payload[roll.send] = windows[starts]
            columns.track_at[slots] = starts + FRAME_SAMPLES
            return
        payload[roll.send[plain]] = windows[starts[plain]]
        columns.track_at[slots[plain]] = starts[plain] + FRAME_SAMPLES
        for index in np.flatnonzero(~plain).tolist():
            self._play(int(slots[index]), roll.law, self._wire.payload(int(roll.send[index])))

    def _play(self, slot: int, law: int, out: memoryview) -> None:
        """Write the next frame of the leg's prompts to `out`."""
        playback, turn = self._table.at(slot).playback, int(self._table.columns.turn[slot])
        for over in playback.frame(law, out):
            self._emit(over)
        if turn != self._table.columns.turn[slot]:
            self._table.changed()

    def _dial(self, plan: Plan, instead: dict[int, memoryview | bytes]) -> None:
        """Put telephone events in place of audio."""
        columns = self._table.columns
        for position, slot in plan.dialling:
            leg = self._table.at(slot)
            event, done = leg.digits_out.frame(int(columns.timestamp[slot]))
            if done is not None:
                self._emit(DigitsSent(leg.id, done))
            if leg.digits_out.is_idle():
                columns.dialling[slot] = False
                self._table.changed()
            if event is None or leg.connect is None:
                continue
            if leg.connect.dtmf is None:
                if event.marker:
                    self._emit(DigitDue(leg.id, event.press.digit, event.press.duration_ms))
                continue
            words = self._wire.outgoing_words[position]
            words[0] = (
                0x8000_0000
                | event.marker * _MARKER
                | leg.connect.dtmf << 16
                | int(columns.sequence[slot]) & 0xFFFF
            )
            words[1] = event.timestamp & 0xFFFF_FFFF
            self._wire.payload(position)[:_EVENT_BYTES] = event.payload
            instead[position] = self._wire.packet(position)[: HEADER_BYTES + _EVENT_BYTES]
            columns.marker[slot] = True

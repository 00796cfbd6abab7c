"""Legs: the part of each that is no column, and the table that finds them.

A leg holds a slot from `Allocate` to `Release`. Whatever changes what a tick has to do must
call `LegTable.changed`, so that the groups' plans (`plan.py`) are made anew.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from media.codec.coders import Coders
from media.codec.table import FIRST_WIDE, NUMBER, clock_ratio, is_spoken, wide
from media.columns import NEVER, LegColumns
from media.frame import FRAME_MS, FRAME_SAMPLES, GROUPS, Rows
from media.phase import Phases
from media.playback import Playback
from media.port import Connect, Crypto, Direction, LegId, RoomId
from media.press import Presses
from media.record import Recording
from media.rtp.latch import Latch
from media.rtp.packing import Joiner, Packer
from media.rtp.parcel import Parceller
from media.rtp.reframe import Reframer
from media.rtp.rtcp import Session
from media.rtp.telephone_event import DigitReceiver, DigitSender
from media.srtp import Contexts, Srtp
from media.webrtc.transport import Transport


@dataclass(slots=True, eq=False)
class Leg:
    id: LegId
    slot: int
    port: int
    vad: bool
    playback: Playback
    digits_out: DigitSender
    digits_in: DigitReceiver = field(default_factory=DigitReceiver)
    latch: Latch = field(default_factory=Latch)
    rtcp: Session = field(default_factory=Session)
    rtcp_to: tuple[str, int] | None = None
    connect: Connect | None = None
    "The latest one."
    laws: dict[int, int] = field(default_factory=dict)
    "Accepted payload type → number of the codec."
    events: dict[int, int] = field(default_factory=dict)
    "Accepted payload type of telephone-event → its clock [Hz]."
    reframer: Reframer | None = None
    "Set as long as the peer sends other packets than 20 ms."
    parceller: Parceller | None = None
    "The same, where payloads cannot be cut."
    coders: Coders = field(default_factory=Coders)
    "Of wideband codecs."
    clock_ratio: int = 1
    "RTP clock of what comes, in units of 8 kHz."
    srtp: Srtp | None = None
    web: Transport | None = None
    "Of a WebRTC leg, from its first `Connect` on."
    web_failed: bool = False
    "The edge has been told."
    connected_at: float = 0.0
    "First `Connect`."
    packer: Packer | Joiner | None = None
    "Set when the peer wants other packets than of 20 ms."
    stranger: tuple[str, int] | None = None
    "Whose packets were dropped last."
    unknown_type: int | None = None
    "Payload type of the latest packet that nobody has agreed on."
    ailments: list[str] = field(default_factory=list)
    "Reasons why it is not heard that the edge has been told."
    foreign_before: int = 0
    malformed_before: int = 0
    plain_run: int = 0
    "Packets of 20 ms in a row while `reframer` is set."
    gain: float = 1.0
    "How loud its own audio is to all that hear it, as a factor."
    peer: "Leg | None" = None
    relays_digits: bool = False
    informed: tuple[str, float] = ("", -math.inf)
    "The key that was passed on last because an INFO told of it, and when: its tones are not passed on."
    meets: RoomId | None = None
    "The room that takes the place of its bridges: whom it is bridged to joins it."
    presses: Presses = field(default_factory=Presses)
    recording: Recording | None = None


WIPED: Final = 16
"Slots that were given back and are made ready for new legs together: that costs little more than one does."


class LegTable:
    """All legs, by id and by slot."""

    def __init__(self, slots: int) -> None:
        self.columns = LegColumns(slots)
        self.stale = [True] * GROUPS
        "By group: whether its plan must be made anew."
        self.connected = 0
        "Legs that are."
        self.secured = 0
        "Connected legs that speak SRTP."
        self.contexts = Contexts(slots)
        self.joining: dict[int, int] = {}
        "By slot whose wideband codec has begun in the midst of a word: frames of it played, 0 to 2."
        self.phases = Phases(slots, self.columns, self.changed)
        self._free = list(range(slots - 1, -1, -1))
        self._left: list[int] = []
        "Slots given back that still hold what their legs left."
        self.resets: list[Callable[[Rows], None]] = [self.columns.reset]
        "What forgets the former legs of slots."
        self._at: list[Leg | None] = [None] * slots
        self._by_id: dict[LegId, Leg] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Leg]:
        return iter(self._by_id.values())

    def take_slot(self) -> int | None:
        """A free slot of which nothing is left; low numbers are used first."""
        if not self._free:
            self._wipe()
            if not self._free:
                return None
        return self._free.pop()

    def give_back(self, slot: int) -> None:
        self._left.append(slot)
        if len(self._left) == WIPED:
            self._wipe()

    def add(self, leg: Leg) -> None:
        self._at[leg.slot] = leg
        self._by_id[leg.id] = leg

    def remove(self, leg: Leg) -> None:
        columns = self.columns
        if columns.connected[leg.slot]:
            self.connected -= 1
            self.phases.end(leg.slot)
        self.secured -= int(columns.secured[leg.slot])
        self.contexts.put(leg.slot, None)
        columns.connected[leg.slot] = False
        columns.web_at[leg.slot] = np.inf
        del self._by_id[leg.id]
        self._at[leg.slot] = None
        self.give_back(leg.slot)
        self.changed()

    def _wipe(self) -> None:
        slots = np.array(self._left, np.intp)
        self._left.clear()
        for reset in self.resets:
            reset(slots)
        self._free += np.sort(slots)[::-1].tolist()

    def find(self, leg: LegId) -> Leg | None:
        return self._by_id.get(leg)

    def at(self, slot: int) -> Leg:
        leg = self._at[slot]
        assert leg is not None, "columns name only slots in use"
        return leg

    def changed(self) -> None:
        """What a tick has to do is no longer what the plans say."""
        self.stale[:] = (True,) * GROUPS

    def connect(self, leg: Leg, connect: Connect, now: float) -> None:
        """Write into the columns what an offer and answer agreed upon."""
        columns, slot = self.columns, leg.slot
        leg.connect = connect
        leg.laws = {
            codec.payload_type: NUMBER[codec.name]
            for codec in connect.accept
            if is_spoken(codec.name, codec.clock_rate)
        }
        leg.events = dict(connect.events)
        if connect.dtmf is not None:
            leg.events[connect.dtmf] = connect.dtmf_clock
        law = NUMBER[connect.codec.name]
        columns.law_out[slot] = law
        self._pack(leg, connect.ptime_ms, law)
        # Of a packet that holds several frames, one cannot be left out.
        leg.coders.suit(connect.codec.most_bits, pauses=connect.codec.pauses and leg.packer is None)
        leg.digits_in.clock_rate = leg.digits_out.clock_rate = connect.dtmf_clock
        leg.digits_in.audio_rate = connect.codec.clock_rate
        columns.inband[slot] = connect.dtmf is None if connect.tones is None else connect.tones
        if connect.webrtc is None:
            self.secure(leg, connect.crypto)
        columns.header[slot] = plain_header(connect.codec.payload_type)
        columns.may_send[slot] = connect.direction in (Direction.SENDRECV, Direction.SENDONLY)
        columns.may_receive[slot] = connect.direction in (Direction.SENDRECV, Direction.RECVONLY)
        columns.heard_at[slot] = now
        columns.silence_told[slot] = False
        self.scale(leg)
        if not columns.connected[slot]:
            columns.volume[slot] = columns.volume_to[slot]
            leg.connected_at = now
            columns.connected[slot] = True
            self.connected += 1
            columns.marker[slot] = columns.unheard[slot] = True
            self.phases.begin(slot)
            self.expect(leg, connect.codec.payload_type, law)
        elif not any(columns.expect[slot] == plain_header(accepted) for accepted in leg.laws):
            self.expect(leg, connect.codec.payload_type, law)
        self.changed()

    def scale(self, leg: Leg) -> None:
        """Let others hear the leg as loud as it was told, or not at all where the direction forbids it."""
        columns, slot = self.columns, leg.slot
        columns.volume_to[slot] = leg.gain if columns.may_receive[slot] else 0.0
        columns.scaled[slot] |= columns.volume_to[slot] != columns.volume[slot]

    def _pack(self, leg: Leg, ptime_ms: int, law: int) -> None:
        codec = wide(law) if law >= FIRST_WIDE else None
        step = FRAME_SAMPLES if codec is None else codec.step
        join = None if codec is None else codec.join
        before = leg.packer
        if ptime_ms == FRAME_MS or (join is not None and ptime_ms < 2 * FRAME_MS):
            leg.packer = None
        elif before is None or (before.ptime_ms, before.step) != (ptime_ms, step):
            leg.packer = Packer(ptime_ms, step) if join is None else Joiner(ptime_ms, step, join)
        self.columns.packed[leg.slot] = leg.packer is not None

    def secure(self, leg: Leg, crypto: Crypto | None) -> None:
        """Speak SRTP with these keys, or not; those that stay go on, replay window and all."""
        if leg.srtp is None or leg.srtp.crypto != crypto:
            leg.srtp = None if crypto is None else Srtp(crypto, leg.srtp)
            self.contexts.put(leg.slot, leg.srtp)
        secured = leg.srtp is not None
        self.secured += int(secured) - int(self.columns.secured[leg.slot])
        self.columns.secured[leg.slot] = secured

    def begun(self, slot: int) -> None:
        """The first packet of a stream has come."""
        if self.columns.unheard[slot]:
            self.columns.unheard[slot] = False
            self.changed()

    def expect(self, leg: Leg, payload_type: int, law: int) -> None:
        """Plain packets of this payload type take the fast path; the buffer holds this law."""
        self.columns.law_in[leg.slot] = law
        leg.clock_ratio = clock_ratio(law)
        unlike = leg.reframer is not None or leg.parceller is not None
        self.columns.expect[leg.slot] = NEVER if unlike else plain_header(payload_type)
        self.changed()

    def overheard(self, slot: int) -> bool:
        """The leg is in a room that hears it and its agent."""
        return bool(self.columns.agent[slot] and self.columns.room[slot] >= 0)

    def tape(self, leg: Leg) -> None:
        """Keep what the leg is sent, if anybody wants it."""
        stereo = leg.recording is not None and leg.recording.timeline is not None
        self.columns.taped[leg.slot] = stereo or self.overheard(leg.slot)
        self.changed()


def plain_header(payload_type: int) -> int:
    """First header word of a packet without CSRC, extension or padding; marker and sequence are 0."""
    return 0x8000_0000 | payload_type << 16

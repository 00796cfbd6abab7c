"""What the tick reads and writes of every leg, in columns; row = slot.

Only plain numbers live here. What a leg holds besides (latch, queues, recorder) is in
`leg.py`, and the streams' own columns are in `rtp/statistics.py` and `rtp/jitter.py`.
"""

from enum import IntEnum
from typing import Final

import numpy as np

from media.blank import Blank
from media.frame import Rows

NEVER: Final = -1
"In `expect`: no packet takes the fast path."
LONG_GAP: Final = 1_000_000


class Flag(IntEnum):
    """Row in `LegColumns.flags` of each column that is true or false."""

    AGENT = 0
    LISTENED = 1
    INBAND = 2
    RECORDED = 3
    SCALED = 4
    MAY_RECEIVE = 5
    PLAYING = 6
    DIALLING = 7
    SECURED = 8
    TAPED = 9
    PACKED = 10
    NOTICED = 11
    CONNECTED = 12
    ALIGNED = 13
    EAGER = 14
    LOCKED = 15
    MAY_SEND = 16
    VOICED = 17
    HUSHED = 18
    MARKER = 19
    SILENCE_TOLD = 20
    QUIET = 21
    UNHEARD = 22


class LegColumns:
    def __init__(self, slots: int) -> None:
        self.flags = flags = np.zeros((len(Flag), slots), np.bool_)
        "Shape (flags, slots): all of one slot, or of many, are had in one go."
        # What the leg is.
        self.connected = flags[Flag.CONNECTED]
        self.group = np.zeros(slots, np.int8)
        "Phase group in which it is polled and its frame is played."
        self.aligned = flags[Flag.ALIGNED]
        "Whether a packet has chosen the group."
        self.eager = flags[Flag.EAGER]
        "Polled in every tick as long as it is not aligned: a packet is likely to come."
        self.locked = flags[Flag.LOCKED]
        "Whether the socket is connected to the latched source."
        self.may_send = flags[Flag.MAY_SEND]
        self.may_receive = flags[Flag.MAY_RECEIVE]
        # What it hears.
        self.source = np.full(slots, -1, np.int64)
        "Slot whose received audio goes out on this leg: its own is an echo, -1 is nothing."
        self.room = np.full(slots, -1, np.int64)
        "Number of the room that it is in, -1 is none."
        self.beat = np.zeros(slots, np.int8)
        "Phase group in which a member of a room is sent its mix."
        self.voiced = flags[Flag.VOICED]
        "All of its room hear it."
        self.coaches = np.full(slots, -1, np.int64)
        "Slot of the member that alone hears it, -1 is none."
        self.agent = flags[Flag.AGENT]
        self.playing = flags[Flag.PLAYING]
        self.track = np.zeros(slots, np.int64)
        "Which prompt or tone (`id` of the `Track`), 0 is none."
        self.track_at = np.zeros(slots, np.int64)
        "Sample of it where the next frame begins."
        self.track_last = np.zeros(slots, np.int64)
        "Last such sample of a frame that is taken from the track as it is."
        self.turn = np.zeros(slots, np.int64)
        "Counts what is played to it one after the other."
        self.dialling = flags[Flag.DIALLING]
        self.listened = flags[Flag.LISTENED]
        "Whether voice activity is looked for."
        self.noticed = flags[Flag.NOTICED]
        "In a room, and not `listened`: it is looked for whether it talks at all."
        self.secured = flags[Flag.SECURED]
        "Speaks SRTP."
        self.inband = flags[Flag.INBAND]
        "Keys are looked for in its audio: the peer has no telephone-event."
        self.recorded = flags[Flag.RECORDED]
        self.taped = flags[Flag.TAPED]
        "What it is sent is kept: for its recording, or for the room that hears its agent."
        # What it receives.
        self.expect = np.full(slots, NEVER, np.int64)
        "First header word of a plain packet, without marker and sequence."
        self.law_in = np.zeros(slots, np.uint8)
        "Number of the codec in the jitter buffer (`codec/table.py`)."
        self.unheard = flags[Flag.UNHEARD]
        "No stream of it has begun yet."
        self.heard_at = np.zeros(slots, np.float64)
        "Arrival of the last packet, else time of `Connect` [s]."
        self.reported_at = np.zeros(slots, np.float64)
        "Arrival of the last RTCP, else 0 [s]."
        self.gap = np.full(slots, LONG_GAP, np.int64)
        "Frames since the last one that was not missing."
        self.hushed = flags[Flag.HUSHED]
        "The peer said that it sends no audio now: events or comfort noise came."
        self.noise = np.zeros(slots, np.float64)
        "Root mean square of the comfort noise that it asked for; 0: silence."
        self.concealed = np.zeros(slots, np.int64)
        "Samples at 8 kHz."
        self.gaps = np.zeros(slots, np.int64)
        "Runs of them."
        self.unmentioned = np.zeros(slots, np.int64)
        "Reports of the peer in a row that say nothing of what we send."
        self.foreign = np.zeros(slots, np.int64)
        self.malformed = np.zeros(slots, np.int64)
        self.volume = np.ones(slots, np.float32)
        "Factor of what was heard of it last."
        self.volume_to = np.ones(slots, np.float32)
        "Factor that it shall have from its next frame on."
        self.scaled = flags[Flag.SCALED]
        "Either is another than 1."
        self.energy = np.zeros(slots, np.float64)
        "Sum of the mean squares of the frames in `energy_frames`."
        self.energy_frames = np.zeros(slots, np.int64)
        # What it sends.
        self.packed = flags[Flag.PACKED]
        "In packets of another time than 20 ms."
        self.law_out = np.zeros(slots, np.uint8)
        self.header = np.zeros(slots, np.int64)
        "First header word without marker and sequence."
        self.sequence = np.zeros(slots, np.int64)
        "Of the packet sent last; taken modulo 2¹⁶."
        self.timestamp = np.zeros(slots, np.int64)
        "Of the frame sent last; taken modulo 2³²."
        self.ssrc = np.zeros(slots, np.int64)
        self.quiet = flags[Flag.QUIET]
        "Nothing is sent to it for the time being (`quiet.py`)…"
        self.quiet_at = np.zeros(slots, np.float64)
        "…and its timestamp is of this moment [s]."
        self.marker = flags[Flag.MARKER]
        "The next packet begins a talk spurt."
        self.packets_sent = np.zeros(slots, np.int64)
        self.octets_apart = np.zeros(slots, np.int64)
        "Of payload: how many more they held than 160 each."
        # When something is due.
        self.report_at = np.zeros(slots, np.float64)
        self.stats_at = np.zeros(slots, np.float64)
        self.silence_told = flags[Flag.SILENCE_TOLD]
        self.web_at = np.full(slots, np.inf)
        "ICE or DTLS of a WebRTC leg has something to do."

        plain = [name for name, column in vars(self).items() if column.ndim == 1 and column.base is not flags]
        self._blank = Blank(vars(self), plain)

    def reset(self, slots: Rows) -> None:
        """Forget everything: the slots get new legs."""
        self.flags[:, slots] = False
        self._blank.reset(slots)

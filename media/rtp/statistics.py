"""What was received of each leg's stream, in columns (RFC 3550 §6.4.1, A.1, A.3, A.8).

Sequence numbers are extended to 64 bits, so nothing after this file knows of their wrap.
Arrival is the tick that found the packet: jitter below the polling interval is not seen,
and jitter above it is not overstated.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.blank import Blank
from media.frame import FRAME_SAMPLES, SAMPLE_RATE, Rows

MAX_DROPOUT: Final = 3_000
MAX_MISORDER: Final = 100
JUMP: Final = SAMPLE_RATE
"Samples: who is early or late by more has set another time, which is no jitter."

Counters = NDArray[np.int64]
PAUSE: Final = 2 * FRAME_SAMPLES
"Samples by which a timestamp is further than its number."


class Reception:
    """Counters of the received streams; row = slot."""

    def __init__(self, slots: int) -> None:
        self.ssrc: Counters = np.full(slots, -1, np.int64)
        "Of the stream being heard; -1 before the first packet."
        self.newest: Counters = np.zeros(slots, np.int64)
        "Highest extended sequence number."
        self.packets: Counters = np.zeros(slots, np.int64)
        "All packets of the leg, whatever stream; duplicates included."
        self.jitter = np.zeros(slots, np.float64)
        "Interarrival jitter [samples]."
        self._further: Counters = np.zeros(slots, np.int64)
        "Of the latest packet that `count_one` counted: how much `_offset` has grown, …"
        self._numbers: Counters = np.zeros(slots, np.int64)
        "… and since how many numbers."
        self._latest: Counters = np.zeros(slots, np.int64)
        "Extended number of that packet."
        self._offset: Counters = np.zeros(slots, np.int64)
        "Of the latest packet: its timestamp less that of all packets before it, if they are of 20 ms."
        self._base: Counters = np.zeros(slots, np.int64)
        self._received: Counters = np.zeros(slots, np.int64)
        self._transit: Counters = np.zeros(slots, np.int64)
        self._suspect: Counters = np.full(slots, -1, np.int64)
        self._lost_before: Counters = np.zeros(slots, np.int64)
        self._reported_expected: Counters = np.zeros(slots, np.int64)
        self._reported_received: Counters = np.zeros(slots, np.int64)
        self._blank = Blank(vars(self))

    def reset(self, slots: Rows) -> None:
        """Forget everything: the slots get new legs."""
        self._blank.reset(slots)

    def begin(self, slot: int, ssrc: int, sequence: int, timestamp: int, now: float) -> int:
        """Start a stream with its first packet; return that packet's extended number."""
        self._lost_before[slot] = self.lost(slot)
        # One cycle up, so that a packet reordered before the first one stays positive.
        extended = sequence + 0x1_0000
        self.ssrc[slot] = ssrc
        self.newest[slot] = self._base[slot] = extended
        self._received[slot] = 1
        self._reported_expected[slot] = self._reported_received[slot] = 0
        self.packets[slot] += 1
        self._transit[slot] = int(now * SAMPLE_RATE) - timestamp
        self._offset[slot], self._further[slot] = timestamp - extended * FRAME_SAMPLES, 0
        self._latest[slot], self._numbers[slot] = extended, 0
        self._suspect[slot] = -1
        return extended

    def extend(self, rows: Rows, sequence: Counters) -> Counters:
        """16-bit numbers → the nearest extended numbers to each row's newest."""
        newest = self.newest[rows]
        return newest + ((sequence - newest + 0x8000) & 0xFFFF) - 0x8000

    def pauses(self, rows: Rows, extended: Counters, timestamp: Counters) -> NDArray[np.bool_]:
        """Before which of these packets of 20 ms, not counted yet, the peer kept silent on purpose.

        Not everybody sets the marker, and the packet with it may be lost (RFC 3551 §4.1).
        """
        further = timestamp - extended * FRAME_SAMPLES - self._offset[rows]
        return ((further + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000 >= PAUSE

    def paused(self, slot: int, samples: int) -> bool:
        """The same of the packet that `count_one` counted last, which holds so many samples."""
        numbers = int(self._numbers[slot])
        return numbers > 0 and int(self._further[slot]) - numbers * (samples - FRAME_SAMPLES) >= PAUSE

    def count(self, rows: Rows, extended: Counters, timestamp: Counters, now: float) -> None:
        """Count one packet of each row."""
        self.packets[rows] += 1
        self._received[rows] += 1
        self.newest[rows] = np.maximum(self.newest[rows], extended)
        self._offset[rows], self._latest[rows] = timestamp - extended * FRAME_SAMPLES, extended
        transit = int(now * SAMPLE_RATE) - timestamp
        change = np.abs(((transit - self._transit[rows] + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000)
        change[change > JUMP] = 0
        self._transit[rows] = transit
        jitter = self.jitter[rows]
        self.jitter[rows] = jitter + (change - jitter) * (1 / 16)

    def count_one(self, slot: int, sequence: int, timestamp: int, now: float) -> int | None:
        """`extend` and `count` for one packet: its extended number, None when that is a jump."""
        newest = int(self.newest[slot])
        ahead = ((sequence - newest + 0x8000) & 0xFFFF) - 0x8000
        if ahead >= MAX_DROPOUT or ahead <= -MAX_MISORDER:
            return None
        self.packets[slot] += 1
        self._received[slot] += 1
        offset = timestamp - (newest + ahead) * FRAME_SAMPLES
        further = ((offset - int(self._offset[slot]) + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        self._offset[slot], self._further[slot] = offset, further
        self._latest[slot], self._numbers[slot] = newest + ahead, newest + ahead - int(self._latest[slot])
        if ahead > 0:
            self.newest[slot] = newest + ahead
        transit = int(now * SAMPLE_RATE) - timestamp
        change = abs(((transit - int(self._transit[slot]) + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000)
        self._transit[slot] = transit
        change = change if change <= JUMP else 0
        jitter = float(self.jitter[slot])
        self.jitter[slot] = jitter + (change - jitter) * (1 / 16)
        return newest + ahead

    def is_jump(self, extended: Counters, rows: Rows) -> NDArray[np.bool_]:
        """Whether a number is too far from the newest to be loss or reordering (A.1)."""
        ahead = extended - self.newest[rows]
        return (ahead >= MAX_DROPOUT) | (ahead <= -MAX_MISORDER)

    def confirms_jump(self, slot: int, sequence: int) -> bool:
        """Two packets in a row after a jump are a restarted stream, one alone is a stray (A.1)."""
        confirmed = bool(self._suspect[slot] == sequence)
        self._suspect[slot] = (sequence + 1) & 0xFFFF
        return confirmed

    def lost(self, slot: int) -> int:
        """Cumulative loss; negative when duplicates outnumber it (A.3)."""
        if self.ssrc[slot] < 0:
            return int(self._lost_before[slot])
        return int(self._lost_before[slot] + self._expected(slot) - self._received[slot])

    def fraction_lost(self, slot: int) -> int:
        """Loss since the last call, in 1/256 (A.3)."""
        expected = self._expected(slot) - int(self._reported_expected[slot])
        received = int(self._received[slot] - self._reported_received[slot])
        self._reported_expected[slot] += expected
        self._reported_received[slot] += received
        lost = expected - received
        return 0 if expected <= 0 or lost <= 0 else min(255, (lost << 8) // expected)

    def _expected(self, slot: int) -> int:
        return int(self.newest[slot] - self._base[slot]) + 1

"""N paced RTP streams from one socket, with what came back of them: loss and round trip by stamps.

Every 20 ms each stream sends one packet, spread over 20 slots of 1 ms. All streams share a few
sockets of ours; a stream is known by the daemon's port, which each leg has for itself.

A *stamped* packet carries its number in G.711 codes that survive decoding and encoding; the time
it left is kept here under that number. Through an agent, whose resampling no code survives,
*bursts* take the stamps' place: once a second one loud packet in silence.
"""

import enum
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bench.datagrams import Datagrams, Outgoing

FRAME = 160
SLOTS = 20
HISTORY = 1024
"Packets of a stream whose times are kept: 20 s."
LOUD, QUIET = 0x05, 0xFF
BURST_EVERY = 50
BURST_PEAK = 0x18
"µ-law codes below it (sign aside) are louder than −8 dBFS."


class Payload(enum.Enum):
    STAMPED = "stamped"
    BURSTS = "bursts"


@dataclass(slots=True)
class Heard:
    """What was counted between `start_window` and `end_window`."""

    sent: int = 0
    returned: int = 0
    duplicates: int = 0
    packets: int = 0
    "RTP packets that came, whatever was in them."
    gaps: int = 0
    "Sequence numbers missing in what came, by RFC 3550 A.3."
    late_slots: int = 0
    "Times that the generator itself was over 1 ms late."
    round_trips: tuple[NDArray[np.float64], ...] = ()
    "[s]"

    @property
    def lost(self) -> int:
        return self.sent - self.returned

    def percentile_ms(self, percent: float) -> float:
        every = np.concatenate(self.round_trips) if self.round_trips else np.zeros(0)
        return float(np.percentile(every, percent) * 1000) if len(every) else float("nan")


class Streams:
    def __init__(self, sockets: list[Datagrams], targets: list[tuple[str, int]], payload: Payload) -> None:
        """Stream `n` goes through socket `n % len(sockets)` to `targets[n]`."""
        self._payload = payload
        self._sockets = sockets
        count = len(targets)
        self._count = count
        # Streams of one slot and socket lie side by side, to be sent by one call.
        order = sorted(range(count), key=lambda n: (n % SLOTS, n // SLOTS % len(sockets)))
        self._out = Outgoing(count, 12 + FRAME)
        self._stream_of_port = np.full(65_536, -1, np.int32)
        self._batches: list[list[tuple[int, int, int]]] = [[] for _ in range(SLOTS)]
        "Per slot: (socket, first row, last row)."
        for row, n in enumerate(order):
            self._out.aim(row, targets[n])
            self._stream_of_port[targets[n][1]] = row
            slot, through = n % SLOTS, n // SLOTS % len(sockets)
            batch = self._batches[slot]
            if batch and batch[-1][0] == through:
                batch[-1] = (through, batch[-1][1], row + 1)
            else:
                batch.append((through, row, row + 1))
        rows = self._out.rows
        rows[:, 0] = 0x80
        rows[:, 8:12] = np.arange(1, count + 1, dtype=">u4").view(np.uint8).reshape(-1, 4)
        rows[:, 12:] = 0xD5 if payload is Payload.STAMPED else QUIET
        self._number = np.zeros(count, np.int64)
        self._sent_at = np.full((count, HISTORY), np.nan)
        self._came = np.zeros((count, HISTORY), bool)
        self._burst_at = np.full(count, np.nan)
        self._highest = np.full(count, -1, np.int64)
        self._base = np.full(count, -1, np.int64)
        self._count_in = np.zeros(count, np.int64)
        self._square = np.where(np.arange(FRAME) // 4 % 2, LOUD, LOUD | 0x80).astype(np.uint8)
        self._slot = 0
        self._next = 0.0
        self._window: tuple[float, float] = (np.inf, np.inf)
        "Packets that left in it are counted [s, wall clock]."
        self.heard = Heard()

    def run(self, seconds: float, *, measure: bool) -> None:
        """Send and receive for so long; with `measure`, what leaves meanwhile is counted."""
        now = time.monotonic()
        end = now + seconds
        if self._next < now - 0.02:
            self._next = now
        if measure:
            self.heard = Heard()
            self._base[:] = self._highest
            self._count_in[:] = 0
            self._window = (time.time(), np.inf)
        while (now := time.monotonic()) < end:
            if now >= self._next:
                if measure and now - self._next > 0.001:
                    self.heard.late_slots += 1
                self._send_slot()
                self._next += 0.001
            else:
                time.sleep(min(self._next - now, 0.001))
            self._receive()
        if measure:
            self._window = (self._window[0], time.time())

    def drain(self, seconds: float = 0.5) -> None:
        """Go on after `run`, so that what is on its way still counts."""
        self.run(seconds, measure=False)
        self._window = (np.inf, np.inf)
        begun = self._base >= 0
        self.heard.gaps = int(np.sum((self._highest - self._base - self._count_in)[begun]))

    def _send_slot(self) -> None:
        wall = time.time()
        counted = self._window[0] <= wall < self._window[1]
        for through, first, last in self._batches[self._slot]:
            part = slice(first, last)
            number = self._number[part]
            rows = self._out.rows[part]
            rows[:, 2] = number >> 8
            rows[:, 3] = number
            stamp = number * FRAME
            for byte in range(4):
                rows[:, 4 + byte] = stamp >> (24 - 8 * byte)
            if self._payload is Payload.STAMPED:
                for nibble in range(6):
                    rows[:, 12 + nibble] = 0x80 | (number >> (4 * nibble)) & 15
                self._sent_at[np.arange(first, last), number % HISTORY] = wall
                self._came[np.arange(first, last), number % HISTORY] = False
                self.heard.sent += counted * (last - first)
            else:
                index = np.arange(first, last)
                bursting = (number % BURST_EVERY == index % BURST_EVERY) & (number >= 25)
                rows[:, 12:] = np.where(bursting[:, None], self._square, np.uint8(QUIET))
                self._burst_at[index[bursting]] = wall
                self.heard.sent += counted * int(np.count_nonzero(bursting))
            self._number[part] += 1
            self._out.send(self._sockets[through], first, last)
        self._slot = (self._slot + 1) % SLOTS

    def _receive(self) -> None:
        for through in self._sockets:
            while True:
                count, lengths, arrived = through.receive()
                if not count:
                    break
                good = np.flatnonzero(lengths >= 12 + FRAME)
                stream = self._stream_of_port[through.sources["port"][:count][good]]
                kept = (stream >= 0) & (through.received[good, 1] & 0x7F == 0)
                self._take(stream[kept], through.received[good[kept]], arrived[good[kept]])
                if count < len(through.received):
                    break

    def _take(self, stream: NDArray[np.int32], rows: NDArray[np.uint8], arrived: NDArray[np.float64]) -> None:
        heard = self.heard
        if self._window[0] <= time.time() < self._window[1]:
            heard.packets += len(stream)
        sequence = rows[:, 2].astype(np.int64) << 8 | rows[:, 3]
        last = np.where(self._highest[stream] < 0, sequence, self._highest[stream])
        unwrapped = last + ((sequence - last + 0x8000) & 0xFFFF) - 0x8000
        np.maximum.at(self._highest, stream, unwrapped)
        np.add.at(self._count_in, stream, 1)
        if self._payload is Payload.STAMPED:
            marked = rows[:, 12:18]
            stamped = np.all(marked >> 4 == 8, axis=1)
            stream, arrived, marked = stream[stamped], arrived[stamped], marked[stamped]
            number = np.zeros(len(stream), np.int64)
            for nibble in range(6):
                number |= (marked[:, nibble].astype(np.int64) & 15) << (4 * nibble)
            place = number % HISTORY
            left = self._sent_at[stream, place]
            again = self._came[stream, place]
            self._came[stream, place] = True
        else:
            loud = np.count_nonzero((rows[:, 12:] & 0x7F) < BURST_PEAK, axis=1) >= 24
            stream, arrived = stream[loud], arrived[loud]
            left = self._burst_at[stream]
            again = np.isnan(left)
            self._burst_at[stream] = np.nan
        counted = (left >= self._window[0]) & (left < self._window[1])
        heard.duplicates += int(np.count_nonzero(counted & again))
        counted &= ~again
        heard.returned += int(np.count_nonzero(counted))
        if np.any(counted):
            heard.round_trips += ((arrived - left)[counted],)

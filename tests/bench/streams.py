"""N paced RTP streams from one socket, with what came back of them: loss and round trip by stamps.

Every 20 ms each stream sends one packet, spread over 20 slots of 1 ms. All streams share a few
sockets of ours; a stream is known by the daemon's port, which each leg has for itself.

A stream's sound comes back from its own port (echo, agent) or from another leg's (bridge, room).

A *stamped* packet carries its number in G.711 codes that survive decoding and encoding; the time it
left is kept here under that number. It stands at the packet's end: into its beginning may be faded from
what stood in for a frame that came late, which is no loss. Through an agent, whose resampling no code
survives, *bursts* take the stamps' place: once a second one loud packet in silence.
"""

import enum
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.frame import TICK_SECONDS
from media.phase import PUNCTUAL
from media.port import Crypto
from media.srtp import Srtp, rows_of
from tests.bench.datagrams import Datagrams, Outgoing
from tests.bench.sources import FRAMES, Source

FRAME = 160
STAMP = 12 + FRAME - 6
"Where the number's six codes begin, behind the header and most of the sound."
SEAL = 10
"Authentication tag of SRTP."
EVENTS = 101
"Payload type of telephone-event."
SLOTS = 20
HISTORY = 1024
"Packets of a stream whose times are kept: 20 s."
LOUD, QUIET = 0x05, 0xFF
BURST_EVERY = 50
LATE = TICK_SECONDS - PUNCTUAL
"""What the daemon bears without a frame more of delay, which it takes back by leaving out a frame, as every
jitter buffer does; a packet that the generator itself sends so late may cost a frame [s]."""
LATE_MEMORY = 12.0
"How long that frame may be waited with [s]."
BURST_PEAK = 0x18
"µ-law codes below it (sign aside) are louder than −8 dBFS."


class Payload(enum.Enum):
    STAMPED = "stamped"
    BURSTS = "bursts"
    "In silence."
    SOURCES = "sources"
    "Bursts in whatever each stream's `Source` says."


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
    excused: int = 0
    "Of what was lost, at most as much of each stream as the generator had sent late of it."
    round_trips: tuple[NDArray[np.float64], ...] = ()
    "[s]"
    punctual: tuple[NDArray[np.float64], ...] = ()
    "Those of streams that the generator had not sent late for `LATE_MEMORY` [s]."

    @property
    def lost(self) -> int:
        """What the daemon has to answer for."""
        return self.sent - self.returned - self.excused

    def percentile_ms(self, percent: float, *, punctual: bool = False) -> float:
        trips = self.punctual if punctual else self.round_trips
        every = np.concatenate(trips) if trips else np.zeros(0)
        return float(np.percentile(every, percent) * 1000) if len(every) else float("nan")


class Streams:
    def __init__(
        self,
        sockets: list[Datagrams],
        targets: list[tuple[str, int]],
        payload: Payload,
        *,
        returns: list[int] | None = None,
        sources: list[Source] | None = None,
        judged: list[bool] | None = None,
        keys: list[Crypto] | None = None,
    ) -> None:
        """Stream `n` goes through socket `n % len(sockets)` to `targets[n]`.

        Args:
            returns: the stream that is sent to the port from which stream `n` comes back; None: itself.
            sources: what each sends; for `Payload.SOURCES`.
            judged: whether the bursts of each can be heard where it comes back; None: all.
            keys: of SRTP, as we see them.
        """
        self._payload = payload
        self._sockets = sockets
        count = len(targets)
        self._count = count
        # Streams of one slot and socket lie side by side, to be sent by one call.
        order = sorted(range(count), key=lambda n: (n % SLOTS, n // SLOTS % len(sockets)))
        longest = max([FRAME, *(source.frames.shape[1] for source in sources or ())])
        self._out = Outgoing(count, 12 + longest + (SEAL if keys else 0))
        self._stream_of_port = np.full(65_536, -1, np.int32)
        self._batches: list[list[tuple[int, int, int]]] = [[] for _ in range(SLOTS)]
        "Per slot: (socket, first row, last row)."
        place = {n: row for row, n in enumerate(order)}
        for row, n in enumerate(order):
            self._out.aim(row, targets[n])
            self._stream_of_port[targets[n][1]] = place[returns[n]] if returns else row
            slot, through = n % SLOTS, n // SLOTS % len(sockets)
            batch = self._batches[slot]
            if batch and batch[-1][0] == through:
                batch[-1] = (through, batch[-1][1], row + 1)
            else:
                batch.append((through, row, row + 1))
        self._seals = [Srtp(keys[n]) for n in order] if keys else None
        self._memory = rows_of(self._out.rows)
        self._sources = [sources[n] for n in order] if sources else []
        self._judged = np.array([judged[n] for n in order] if judged else [True] * count)
        self._groups: dict[tuple[int, int], list[tuple[Source, NDArray[np.intp]]]] = {}
        rows = self._plain = np.zeros_like(self._out.rows) if keys else self._out.rows
        rows[:, 0] = 0x80
        rows[:, 8:12] = np.arange(1, count + 1, dtype=">u4").view(np.uint8).reshape(-1, 4)
        rows[:, 12:] = 0xD5 if payload is Payload.STAMPED else QUIET
        for row, source in enumerate(self._sources):
            rows[row, 1] = source.payload_type
        self._number = np.zeros(count, np.int64)
        self._sent_at = np.full((count, HISTORY), np.nan)
        self._came = np.zeros((count, HISTORY), bool)
        self._burst_at = np.full(count, np.nan)
        self._highest = np.full(count, -1, np.int64)
        self._base = np.full(count, -1, np.int64)
        self._count_in = np.zeros(count, np.int64)
        self._square = np.where(np.arange(FRAME) // 4 % 2, LOUD, LOUD | 0x80).astype(np.uint8)
        self._missing = np.zeros(count, np.int64)
        "Counted ones that have not come back."
        self._late_at = np.full(count, -np.inf)
        "When the generator sent late last, by row [s, wall clock]."
        self._late: list[tuple[float, int, int]] = []
        "When the generator sent late [s, wall clock], and which rows: first, last."
        self._slot = 0
        self._next = 0.0
        self._window: tuple[float, float] = (np.inf, np.inf)
        "Packets that left in it are counted [s, wall clock]."
        self.heard = Heard()

    def __len__(self) -> int:
        return self._count

    def run(self, seconds: float, *, measure: bool) -> None:
        """Send and receive for so long; with `measure`, what leaves meanwhile is counted."""
        self.begin(measure=measure)
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.turn(now)
            time.sleep(max(0.0, min(self._next - time.monotonic(), 0.001)))
        self.end(measure=measure)

    def begin(self, *, measure: bool) -> None:
        now = time.monotonic()
        if self._next < now - 0.02:
            self._next = now
        if measure:
            self.heard = Heard()
            self._base[:] = self._highest
            self._count_in[:] = self._missing[:] = 0
            self._window = (time.time(), np.inf)
            self._late = [each for each in self._late if each[0] > self._window[0] - LATE_MEMORY]

    def turn(self, now: float) -> None:
        """Send what is due, take what came."""
        if now >= self._next:
            if self._window[1] == np.inf > self._window[0] and now - self._next > 0.001:
                self.heard.late_slots += 1
            self._send_slot(self._next)
            self._next += 0.001
        self._receive()

    def end(self, *, measure: bool) -> None:
        if measure:
            self._window = (self._window[0], time.time())

    def drain(self, seconds: float = 0.5) -> None:
        """Go on after `run`, so that what is on its way still counts."""
        self.run(seconds, measure=False)
        self.judge()

    def judge(self) -> None:
        """Close the window: what has not come back by now is lost, unless the generator itself was late."""
        self._window = (np.inf, np.inf)
        allowed = np.zeros(self._count, np.int64)
        for _, first, last in self._late:
            allowed[first:last] += 1
        self.heard.excused = int(np.minimum(np.maximum(self._missing, 0), allowed).sum())
        begun = self._base >= 0
        self.heard.gaps = int(np.sum((self._highest - self._base - self._count_in)[begun]))

    def _send_slot(self, due: float) -> None:
        wall = time.time()
        counted = self._window[0] <= wall < self._window[1]
        for through, first, last in self._batches[self._slot]:
            part = slice(first, last)
            number = self._number[part]
            rows = self._plain[part]
            rows[:, 2] = number >> 8
            rows[:, 3] = number
            stamp = number * FRAME
            if self._sources:
                stamp = number * np.array([source.step for source in self._sources[part]])
            for byte in range(4):
                rows[:, 4 + byte] = stamp >> (24 - 8 * byte)
            if self._payload is Payload.STAMPED:
                for nibble in range(6):
                    rows[:, STAMP + nibble] = 0x80 | (number >> (4 * nibble)) & 15
                self._sent_at[np.arange(first, last), number % HISTORY] = wall
                self._came[np.arange(first, last), number % HISTORY] = False
                self.heard.sent += counted * (last - first)
                self._missing[part] += counted
            elif self._payload is Payload.SOURCES:
                bursting = np.zeros(last - first, bool)
                for source, mine in self._by_source(first, last):
                    frame = (number[mine] - (first + mine) * 7) % FRAMES
                    self._out.cut_rows(first + mine, 12 + source.lengths[frame])
                    rows[mine, 12 : 12 + source.frames.shape[1]] = source.frames[frame]
                    bursting[mine] = frame == 0
                bursting &= self._judged[part] & (number >= 2 * FRAMES)
                self._burst_at[first + np.flatnonzero(bursting)] = wall
                self.heard.sent += counted * int(np.count_nonzero(bursting))
                self._missing[part] += counted * bursting
            else:
                index = np.arange(first, last)
                bursting = (number % BURST_EVERY == index % BURST_EVERY) & (number >= 25)
                rows[:, 12:] = np.where(bursting[:, None], self._square, np.uint8(QUIET))
                self._burst_at[index[bursting]] = wall
                self.heard.sent += counted * int(np.count_nonzero(bursting))
                self._missing[part] += counted * bursting
            self._number[part] += 1
            if self._seals is not None:
                self._out.rows[part, : 12 + FRAME] = rows[:, : 12 + FRAME]
                for row in range(first, last):
                    self._seals[row].seal_at(self._memory[row], 12 + FRAME)
            self._out.send(self._sockets[through], first, last)
            # Not before: the last packet of a hundred leaves most of a millisecond after the first.
            if time.monotonic() - due > LATE:
                self._late.append((wall, first, last))
                self._late_at[part] = wall
        self._slot = (self._slot + 1) % SLOTS

    def _by_source(self, first: int, last: int) -> list[tuple[Source, NDArray[np.intp]]]:
        """Rows of one batch by what they send, counted from `first`."""
        found = self._groups.get((first, last))
        if found is None:
            own = self._sources[first:last]
            every = {id(source): source for source in own}.values()
            found = [(source, np.flatnonzero([source is each for each in own])) for source in every]
            self._groups[first, last] = found
        return found

    def _receive(self) -> None:
        for through in self._sockets:
            while True:
                count, lengths, arrived = through.receive()
                if not count:
                    break
                good = np.flatnonzero(lengths > 12 + 4)
                stream = self._stream_of_port[through.sources["port"][:count][good]]
                kept = (stream >= 0) & (through.received[good, 1] & 0x7F != EVENTS)
                stream, rows = stream[kept], through.received[good[kept]]
                if self._seals is not None:
                    rows = self._opened(stream, rows)
                self._take(stream, rows, arrived[good[kept]])
                if count < len(through.received):
                    break

    def _opened(self, stream: NDArray[np.int32], rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self._seals is not None, "SRTP"
        for place, (memory, at) in enumerate(zip(rows_of(rows), stream.tolist(), strict=True)):
            if not self._seals[at].open_at(memory, 12 + FRAME + SEAL, rtcp=False):
                rows[place, 12:] = 0
        return rows

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
            marked = rows[:, STAMP : STAMP + 6]
            stamped = np.all(marked >> 4 == 8, axis=1)
            stream, arrived, marked = stream[stamped], arrived[stamped], marked[stamped]
            number = np.zeros(len(stream), np.int64)
            for nibble in range(6):
                number |= (marked[:, nibble].astype(np.int64) & 15) << (4 * nibble)
            place = number % HISTORY
            left = self._sent_at[stream, place]
            again = self._came[stream, place] | _repeated(stream * HISTORY + place)
            self._came[stream, place] = True
        else:
            loud = np.count_nonzero((rows[:, 12 : 12 + FRAME] & 0x7F) < BURST_PEAK, axis=1) >= 24
            loud &= (rows[:, 1] & 0x7F) == 0
            stream, arrived = stream[loud], arrived[loud]
            left = self._burst_at[stream]
            again = np.isnan(left) | _repeated(stream)
            self._burst_at[stream] = np.nan
        counted = (left >= self._window[0]) & (left < self._window[1])
        heard.duplicates += int(np.count_nonzero(counted & again))
        counted &= ~again
        heard.returned += int(np.count_nonzero(counted))
        np.subtract.at(self._missing, stream[counted], 1)
        if np.any(counted):
            heard.round_trips += ((arrived - left)[counted],)
            punctual = counted & (left - self._late_at[stream] > LATE_MEMORY)
            heard.punctual += ((arrived - left)[punctual],)


def _repeated(keys: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which of these were there before: a burst that a splice has spread over two packets is one."""
    again = np.ones(len(keys), np.bool_)
    again[np.unique(keys, return_index=True)[1]] = False
    return again

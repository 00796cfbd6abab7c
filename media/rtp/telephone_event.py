"""Telephone events: key presses in RTP, received and sent (RFC 4733 §2.3, §2.5).

Receiving reports a press once, however many packets, retransmitted ends and duplicates it
comes in: the RTP timestamp names the press, the marker bit is not needed. Sending gives one
packet per 20 ms: growing duration, constant timestamp, three packets with the E bit.
"""

from collections import deque
from typing import Final

from config.value import dataclass
from media.frame import FRAME_SAMPLES, SAMPLE_RATE

DIGITS: Final = "0123456789*#ABCD"
"Event code → key (RFC 4733 §3.2)."
FLASH: Final = "!"
"The hook was flashed: event 16, which is no digit (RFC 4733 §3.2)."
EVENTS: Final = DIGITS + FLASH
END_LOST: Final = 0.15
"A press whose updates stop for so long has ended [s]."
HELD: Final = 2.0
"A press that lasts so long is reported before it ends [s]."
REMEMBERED: Final = 16
"Presses whose late copies are still recognised."
ANEW: Final = 0.25
"""So long after a press, what has its timestamp and begins from a shorter duration is another one [s].

Who plays a recording of a key twice sends the same packets again."""
LONGEST: Final = 0xFFFF
"""Duration of the longest segment of a press, in units of its clock: 8 s at 8 kHz, 1.4 s at 48 (§2.5.1.3).

One that lasts longer goes on under a timestamp that is so much later."""
SEGMENT_SLACK: Final = 0.1
"By how much less its last packet that came may tell, and the next timestamp be off [s]."
OVER_MS: Final = 200
"A press that is told to be twice as long as it was seen to be, and this, is counted by another clock."
END_PACKETS: Final = 3
MAX_MS: Final = 5_000
MIN_MS: Final = 40

_END: Final = 0x80
_VOLUME: Final = 10  # -10 dBm0, as most phones send


@dataclass(frozen=True, slots=True)
class Press:
    digit: str
    duration_ms: int


@dataclass(slots=True)
class _Done:
    """A segment of a press that has been reported, or that goes on in another segment."""

    timestamp: int
    event: int
    duration: int
    heard: float
    "Its latest packet."
    ended: bool = False
    "The peer has said that the key was let go."


class DigitReceiver:
    """The presses that one leg receives."""

    def __init__(self) -> None:
        self.clock_rate = SAMPLE_RATE
        "Of the durations that the peer writes [Hz]."
        self.audio_rate = SAMPLE_RATE
        """Of its audio's clock, at the most [Hz]: some count presses by that, also where events of 8 kHz were
        agreed on (RFC 4733 §2.1), so that a short one seems to be a second long."""
        self._timestamp: int | None = None
        self._event = 0
        self._duration = 0
        self._past = 0
        "Duration of the segments before the one that is going on."
        self._began = 0.0
        self._heard = 0.0
        self._done: deque[_Done] = deque(maxlen=REMEMBERED)

    def receive(self, payload: memoryview, timestamp: int, now: float) -> list[Press]:
        """Take one event packet; payloads that are no key press, or flash, give nothing."""
        if len(payload) < 4 or payload[0] >= len(EVENTS):
            return []
        presses: list[Press] = []
        event, duration, ends = payload[0], int.from_bytes(payload[2:4], "big"), bool(payload[1] & _END)
        for done in self._done:
            if done.timestamp == timestamp:
                if ends or duration >= done.duration or now - done.heard < ANEW:
                    done.duration, done.heard = max(done.duration, duration), now
                    done.ended |= ends
                    return presses
                self._done.remove(done)
                break
        if self._timestamp is None and self._done and self._goes_on(self._done[-1], timestamp, event):
            self._done.append(_Done(timestamp, event, duration, now))
            return presses
        if timestamp != self._timestamp:
            segment = self._segment()
            if segment is not None and self._goes_on(segment, timestamp, event):
                self._past += (timestamp - segment.timestamp) & 0xFFFF_FFFF
                self._done.append(segment)
            else:
                presses += self._finish()
                self._event, self._past, self._began = event, 0, now
            self._timestamp, self._duration = timestamp, 0
        self._heard = now
        # Packets may arrive out of order; the duration only grows.
        self._duration = max(self._duration, duration)
        if ends:
            presses += self._finish()
            self._done[-1].ended = True
        return presses

    def handle_timer(self, now: float) -> list[Press]:
        """End a press whose last packets were lost, or that is held for long."""
        if self._timestamp is None or (now - self._heard < END_LOST and now - self._began < HELD):
            return []
        return self._finish()

    def is_pressed(self) -> bool:
        return self._timestamp is not None

    def _finish(self) -> list[Press]:
        segment = self._segment()
        if segment is None:
            return []
        self._done.append(segment)
        self._timestamp = None
        return [Press(EVENTS[self._event], self._lasted(self._heard - self._began))]

    def _lasted(self, seen: float) -> int:
        """Of the press that has ended [ms]. Args: seen: between its first and its last packet [s]."""
        units = (self._past + self._duration) * 1000
        told = units // self.clock_rate
        if self.audio_rate > self.clock_rate and told > 2000 * seen + OVER_MS:
            return units // self.audio_rate
        return told

    def _segment(self) -> _Done | None:
        """What has come of the press that is going on, under its latest timestamp."""
        if self._timestamp is None:
            return None
        return _Done(self._timestamp, self._event, self._duration, self._heard)

    def _goes_on(self, segment: _Done, timestamp: int, event: int) -> bool:
        """Whether what begins at `timestamp` is the same press, which one segment cannot hold (§2.5.1.3)."""
        if segment.ended or event != segment.event:
            return False
        slack = SEGMENT_SLACK * self.clock_rate
        ahead = (timestamp - segment.timestamp) & 0xFFFF_FFFF
        return segment.duration >= LONGEST - slack and abs(ahead - LONGEST) <= slack


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One packet to send."""

    payload: bytes
    marker: bool
    timestamp: int
    "That of the press's first packet, also where the stream's own has jumped meanwhile (§2.5.1.2)."
    press: Press
    "All of it, of which this packet tells."


@dataclass(frozen=True, slots=True)
class _Order:
    digits: str
    duration: int
    gap: int
    report: bool


class DigitSender:
    """The presses that one leg sends, one packet per 20 ms frame."""

    def __init__(self, limit: int) -> None:
        self.clock_rate = SAMPLE_RATE
        "Of the durations that we write [Hz]."
        self._limit = limit
        self._orders: list[_Order] = []
        self._pending = 0
        self._index = 0
        self._elapsed = 0  # samples since the press began
        self._began = 0  # at this timestamp
        self._ends = 0

    def send(self, digits: str, duration_ms: int, gap_ms: int, *, report: bool) -> None:
        """Queue presses; other characters and what exceeds the limit are left out.

        Args:
            report: whether `frame` shall return the digits when they have been sent.
        """
        keys = "".join(key for key in digits.upper() if key in EVENTS)[: self._limit - self._pending]
        self._pending += len(keys)
        duration, gap = (min(max(ms, MIN_MS), MAX_MS) * SAMPLE_RATE // 1000 for ms in (duration_ms, gap_ms))
        gap = max(gap, END_PACKETS * FRAME_SAMPLES)
        if keys or report:
            self._orders.append(_Order(keys, duration, gap, report))

    def is_idle(self) -> bool:
        return not self._orders

    def frame(self, timestamp: int) -> tuple[EventPacket | None, str | None]:
        """What this 20 ms frame sends, and the digits whose sending is thereby complete.

        No packet means a gap between presses: the leg sends its audio. Args: timestamp: of that audio.
        """
        order = self._orders[0]
        if self._index >= len(order.digits):
            del self._orders[0]
            self._index = 0
            return None, order.digits if order.report else None
        begins = self._elapsed == 0
        if begins:
            self._began = timestamp
        self._elapsed += FRAME_SAMPLES
        duration = min(self._elapsed, order.duration)
        ending = self._elapsed >= order.duration
        if ending and self._ends == END_PACKETS:
            if self._elapsed >= order.duration + order.gap:
                self._index += 1
                self._pending -= 1
                self._elapsed = self._ends = 0
            return None, None
        self._ends += ending
        key = order.digits[self._index]
        event = bytes((EVENTS.index(key), (_END if ending else 0) | _VOLUME))
        # The field has 16 bits: 1.3 s at 48 kHz. A longer press stays at its most (RFC 4733 §2.5.1.3).
        written = min(duration * self.clock_rate // SAMPLE_RATE, LONGEST)
        press = Press(key, order.duration * 1000 // SAMPLE_RATE)
        return EventPacket(event + written.to_bytes(2, "big"), begins, self._began, press), None

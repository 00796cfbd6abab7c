"""One RTP stream of a test: what is said and heard, every packet with the time it left or came.

PCMU, 20 ms, RFC 4733 digits; silence is sent when there is nothing to say.
"""

import random
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from tests.support.wav import Signal, ulaw_decode, ulaw_encode

FRAME = 160
SILENCE = b"\xff" * FRAME
KEYS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet as it was sent or came."""

    at: float
    "[s, monotonic]"
    sequence: int
    timestamp: int
    payload_type: int
    marker: bool
    ssrc: int
    payload: bytes

    @property
    def loudness(self) -> float:
        """Peak amplitude, full scale 1.0; 0 for what is not PCMU."""
        return float(np.max(np.abs(ulaw_decode(self.payload)))) if self.payload_type == 0 else 0.0


class Stream:
    """Sends and receives only when its owner says so; `say` and `press` may be called from anywhere."""

    def __init__(self, rtp: socket.socket) -> None:
        self.rtp = rtp
        self.sent: list[Packet] = []
        self.heard: list[Packet] = []
        self.remote_rtp: tuple[str, int] | None = None
        self.dtmf = 101
        self.next_frame_at = 0.0
        self._outbox: deque[tuple[bytes, int, bool, int]] = deque()
        "(payload, payload type, marker, frames since the event began or −1)"
        self._ssrc = random.getrandbits(32)
        self._sequence = random.getrandbits(16)
        self._timestamp = random.getrandbits(32)

    def say(self, signal: Signal) -> None:
        """Queue audio (8 kHz); it leaves in packets of 20 ms from now on."""
        code = ulaw_encode(signal)
        code += b"\xff" * (-len(code) % FRAME)
        for at in range(0, len(code), FRAME):
            self._outbox.append((code[at : at + FRAME], 0, False, -1))

    def press(self, digits: str, *, milliseconds: int = 100) -> None:
        """Queue key presses as RFC 4733 events, each ended by three equal packets, 60 ms apart."""
        for digit in digits:
            steps = max(1, milliseconds // 20)
            start = len(self._outbox)
            for step in [*range(1, steps + 1), steps, steps]:
                ending = len(self._outbox) - start >= steps - 1
                body = struct.pack("!BBH", KEYS.index(digit), (0x80 if ending else 0) | 10, step * FRAME)
                self._outbox.append((body, self.dtmf, step == 1 and not ending, len(self._outbox) - start))
            self._outbox.extend([(SILENCE, 0, False, -1)] * 3)

    @property
    def busy(self) -> bool:
        """Something that was queued has not left yet."""
        return bool(self._outbox)

    def wait_said(self, timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        while self._outbox:
            assert time.monotonic() < deadline, f"not everything was sent within {timeout} s"
            time.sleep(0.01)

    def signal(self) -> Signal:
        """What was heard, by RTP timestamp from the first packet on; gaps are silence."""
        voice = [packet for packet in self.heard if packet.payload_type == 0]
        if not voice:
            return np.zeros(0)
        base = voice[0].timestamp
        places = [((p.timestamp - base + 2**31) % 2**32 - 2**31, p.payload) for p in voice]
        end = max(at + len(payload) for at, payload in places)
        assert end < 8000 * 3600, f"RTP timestamps span {end / 8000:.0f} s"
        heard = np.zeros(end)
        for at, payload in places:
            if at >= 0:
                heard[at : at + len(payload)] = ulaw_decode(payload)
        return heard

    def digits(self) -> str:
        """Keys received by RFC 4733, each event (timestamp) once."""
        keys: dict[tuple[int, int], str] = {}
        for packet in self.heard:
            if packet.payload_type == self.dtmf and len(packet.payload) >= 4 and packet.payload[0] < 16:
                keys.setdefault((packet.ssrc, packet.timestamp), KEYS[packet.payload[0]])
        return "".join(keys.values())

    # The thread that owns the socket.

    def send_frame(self, now: float) -> None:
        payload, kind, marker, step = self._outbox.popleft() if self._outbox else (SILENCE, 0, False, -1)
        stamp = self._timestamp if step < 0 else (self._timestamp - step * FRAME) % 2**32
        head = struct.pack("!BBHII", 0x80, (marker << 7) | kind, self._sequence, stamp, self._ssrc)
        if self.remote_rtp is not None:
            self.rtp.sendto(head + payload, self.remote_rtp)
            self.sent.append(Packet(now, self._sequence, stamp, kind, marker, self._ssrc, payload))
        self._sequence = (self._sequence + 1) % 2**16
        self._timestamp = (self._timestamp + FRAME) % 2**32

    def receive_packet(self, now: float) -> tuple[str, int] | None:
        """Where it came from; None for what is not RTP, and when nothing came."""
        source: tuple[str, int]
        try:
            data, source = self.rtp.recvfrom(2048)
        except BlockingIOError:
            return None
        if len(data) < 12 or data[0] >> 6 != 2:
            return None
        _, kind, sequence, stamp, ssrc = struct.unpack_from("!BBHII", data)
        self.heard.append(Packet(now, sequence, stamp, kind & 0x7F, bool(kind & 0x80), ssrc, data[12:]))
        return source

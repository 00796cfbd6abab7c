"""What comes from RTP ports and in sound files: packets, reports, samples, or the documented refusal."""

import io
from random import Random

import numpy as np

from media import wav
from media.rtp import packet, rtcp
from media.rtp.latch import Latch
from media.rtp.telephone_event import EVENTS, DigitReceiver
from tests.fuzz.target import Target

RTP = (
    packet.build(0, True, 1, 160, 0x1234, b"\xff" * 160),
    packet.build(101, False, 65_535, 2**32 - 160, 0x1234, b"\x05\x8a\x03\x20"),
    b"\xb1" + packet.build(8, False, 9, 9, 9, b"\xbe\xde\x00\x01abcdxxxx\x02\x02")[1:],
    b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"t" * 12,
)
BLOCK = rtcp.Block(7, 3, -5, 100, 9, 77, 88)
RTCP = (
    rtcp.build(5, "tandem", 12.5, rtcp.Sending(160, 2, 320), BLOCK, bye=True),
    rtcp.build(5, "tandem", 12.5, None, None),
)


def _wav() -> bytes:
    form = b"fmt " + (16).to_bytes(4, "little") + bytes((1, 0, 1, 0)) + (8000).to_bytes(4, "little")
    form += (16_000).to_bytes(4, "little") + bytes((2, 0, 16, 0))
    data = b"data" + (320).to_bytes(4, "little") + bytes(range(160)) * 2
    return b"RIFF" + (4 + len(form) + len(data)).to_bytes(4, "little") + b"WAVE" + form + data


def check_rtp(data: bytes, random: Random) -> None:
    view = memoryview(data)
    _ = packet.is_stun(view), packet.is_rtcp(view)
    got = packet.parse(view)
    digits = DigitReceiver()
    now = 5.0
    latch = Latch()
    latch.aim(("127.0.0.1", 4000), now)
    if got is not None:
        assert 0 <= got.payload_type < 128 and len(got.payload) <= len(data) - packet.HEADER_BYTES
        plain = packet.build(
            got.payload_type, got.marker, got.sequence, got.timestamp, got.ssrc, bytes(got.payload)
        )
        assert packet.parse(memoryview(plain)) == got
        latch.offer(("127.0.0.2", 4000), got.ssrc, 3.0, now)
        presses = digits.receive(got.payload, got.timestamp, now)
        presses += digits.handle_timer(now + 3.0)
        assert all(press.digit in EVENTS and press.duration_ms >= 0 for press in presses)
        assert not digits.is_pressed()


def check_rtcp(data: bytes, random: Random) -> None:
    reports = rtcp.parse(memoryview(data))
    if reports is not None:
        session = rtcp.Session()
        for ssrc in (7, 5):
            session.receive(reports, ssrc, 100.0)
        last, delay = session.echo_of_sr(100.5)
        assert 0 <= last < 2**32 and 0 <= delay < 2**32
        assert session.round_trip is None or session.round_trip >= 0.0


def check_wav(data: bytes, random: Random) -> None:
    file = io.BytesIO(data)
    got = wav.parse(file)
    if isinstance(got, wav.Wav):
        samples = got.read(file, 0, 10_000)
        assert samples.ndim == 1 and samples.size == min(got.frames, 10_000)
        assert bool(np.isfinite(samples).all())


TARGETS = (
    Target("rtp", RTP, check_rtp),
    Target("rtcp", RTCP, check_rtcp),
    Target("wav", (_wav(),), check_wav),
)

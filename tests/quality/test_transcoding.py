"""Any two codecs at any two packet times: what one phone says is what the other hears (issue 4)."""

import ctypes
from collections.abc import Callable
from functools import reduce
from itertools import pairwise, product

import numpy as np
import pytest

from media.codec import g711, libopus
from media.codec.table import NUMBER, wide
from media.port import Bridge, Codec, Connect, Release, Released
from tests.support.phone import PCMA, PCMU, Phone, Studio

CODECS = {
    "pcmu": PCMU,
    "pcma": PCMA,
    "g722": Codec("g722", 9),
    "opus": Codec("opus", 111, 48_000),
    "l16": Codec("l16", 96, 16_000),
}
TIMES = (10, 20, 30, 40, 50, 60)
SECONDS, HERTZ, LEVEL = 1.8, 600, 0.3 * 32_767


def opus(milliseconds: int) -> Callable[[np.ndarray], bytes]:
    """Frames of as long as there are, else of 10 ms, several in a packet (RFC 6716 §3.2)."""
    frame = milliseconds if milliseconds in (10, 20, 40, 60) else 10
    state = libopus.encoder(16_000, application=libopus.VOIP, bits=24_000, complexity=0)
    packet = ctypes.create_string_buffer(1_276)

    def join(one: bytes, other: bytes) -> bytes:
        joined = libopus.join(one, other, 1_276)
        assert joined is not None
        return joined

    def encode(pcm: np.ndarray) -> bytes:
        parts = []
        for part in pcm.reshape(-1, 16 * frame):
            size = libopus.encode(state, part.ctypes.data, len(part), packet, 1_276)
            parts.append(packet.raw[:size])
        return reduce(join, parts)

    return encode


def encoder(codec: Codec, milliseconds: int) -> Callable[[np.ndarray], bytes]:
    """16 kHz → payload."""
    if codec.name == "opus":
        return opus(milliseconds)
    if codec.name in ("pcmu", "pcma"):
        law = g711.encode_ulaw if codec is PCMU else g711.encode_alaw
        return lambda pcm: law(pcm[::2]).tobytes()
    return wide(NUMBER[codec.name]).encoder().encode


def heard(phone: Phone) -> tuple[np.ndarray, int]:
    if phone.law.name in ("pcmu", "pcma"):
        return phone.heard(), 8_000
    decoder = wide(NUMBER[phone.law.name]).decoder()
    return np.concatenate([decoder.decode(bytes(packet.payload)) for _, packet in phone.received]), 16_000


@pytest.mark.parametrize(
    ("one", "two", "says", "hears"),
    [
        (one, two, TIMES[place % 6], TIMES[(place * 5 + place // 6 + 1) % 6])
        for place, (one, two) in enumerate(product(CODECS, CODECS))
    ],
)
def test_a_tone_crosses_from_any_codec_to_any_other(one: str, two: str, says: int, hears: int) -> None:
    studio, ours, theirs = Studio(), CODECS[one], CODECS[two]
    speaker, listener = (
        studio.phone("one", law=ours, connect=False),
        studio.phone("two", law=theirs, connect=False),
    )
    for phone, milliseconds in ((speaker, 20), (listener, hears)):
        connect = Connect(
            phone.leg, (phone.host, phone.port), phone.law, (phone.law,), None, ptime_ms=milliseconds
        )
        studio.engine.execute(connect)
    studio.engine.execute(Bridge(speaker.leg, listener.leg))
    pcm = (LEVEL * np.sin(2 * np.pi * HERTZ / 16_000 * np.arange(int(SECONDS * 16_000)))).astype(np.int16)
    encode, size = encoder(ours, says), 16 * says
    for number in range(len(pcm) // size):
        speaker.send(encode(pcm[number * size :][:size]), samples=ours.clock_rate * says // 1_000)
        studio.run(says / 1_000)
    sound, rate = heard(listener)
    part = sound[int(rate * 0.7) : int(rate * 1.6)].astype(np.float64)
    turns = 2 * np.pi * HERTZ / rate * np.arange(len(part))
    waves = np.stack((np.sin(turns), np.cos(turns)), 1)
    factors = np.linalg.lstsq(waves, part, rcond=None)[0]
    error = part - waves @ factors
    assert np.hypot(*factors) == pytest.approx(LEVEL, rel=0.1)
    assert 10 * np.log10(LEVEL**2 / 2 / np.square(error).mean()) > (20 if "opus" in (one, two) else 30)
    # Of Opus, whole frames alone are sent.
    lasts = {10: 20, 30: 20, 50: 40}.get(hears, hears) if two == "opus" else hears
    packets = [packet for _, packet in listener.received]
    steps = {(later.timestamp - earlier.timestamp) & 0xFFFF_FFFF for earlier, later in pairwise(packets)}
    assert steps == {theirs.clock_rate * lasts // 1_000}
    assert {(later.sequence - earlier.sequence) & 0xFFFF for earlier, later in pairwise(packets)} <= {1, 2}
    studio.engine.execute(Release(speaker.leg))
    stats = studio.of(Released)[0].stats
    # The last frame of an odd number of 10 ms may be half of one.
    assert stats.concealed <= 1 and (stats.lost, stats.late, stats.malformed) == (0, 0, 0)
    assert stats.jitter_ms < 11, "packets that begin within a frame wait for half of one"

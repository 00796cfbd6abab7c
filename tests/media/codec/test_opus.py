"""Opus (RFC 6716, RFC 7587)."""

import numpy as np
import pytest

from media.codec import opus
from media.dsp.resample import Resampler
from tests.support.phone import level_of, signal_to_noise


@pytest.mark.parametrize("frequency", [440, 1500, 3000])
def test_tones_keep_level_and_shape_at_16_khz(frequency: int) -> None:
    time = np.arange(32_000) / 16_000
    pcm = (6000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
    encoder, decoder, down = opus.OpusEncoder(), opus.OpusDecoder(), Resampler(1, 48_000, 16_000)
    row = np.zeros(1, np.int32)
    packets = [encoder.encode(frame) for frame in pcm.reshape(-1, 320)]
    heard = np.concatenate([down.process(row, decoder.decode(packet)[None, :])[0] for packet in packets])
    assert all(opus.ticks(packet) == 960 for packet in packets)
    assert abs(level_of(heard[8000:]) - level_of(pcm)) < 1
    assert signal_to_noise(heard, pcm[8000:24_000]) > 15
    mean = np.mean([len(packet) for packet in packets])
    assert mean * 400 < 1.4 * opus.BITS, "as much as was asked for, and some for FEC"


@pytest.mark.parametrize(
    ("first", "rest", "ticks"),
    [
        (0b00000_000, b"", 480),  # SILK 10 ms
        (0b00011_000, b"", 2880),  # SILK 60 ms
        (0b01101_001, b"", 1920),  # hybrid 20 ms, two frames
        (0b11111_000, b"", 960),  # CELT 20 ms
        (0b11100_011, b"\x04", 480),  # CELT 2.5 ms, four frames by count
        (0b00011_011, b"\x03", 0),  # 180 ms: more than a packet may hold
        (0b00011_011, b"", 0),
        (0b00011_011, b"\x00", 0),
    ],
)
def test_the_first_bytes_tell_how_long_a_packet_lasts(first: int, rest: bytes, ticks: int) -> None:
    """RFC 6716 §3.1, table 2."""
    assert opus.ticks(bytes((first,)) + rest) == ticks


def test_garbage_gives_nothing_and_spoils_nothing() -> None:
    decoder, encoder = opus.OpusDecoder(), opus.OpusEncoder()
    packet = encoder.encode(np.zeros(320, np.int16))
    for garbage in (b"", b"\xff" * 20, b"\x0b", bytes(range(200))):
        decoder.decode(garbage)
        assert len(decoder.decode(packet)) == 960
    assert opus.ticks(b"") == 0

"""G.722 at 64 kbit/s (ITU-T G.722, RFC 3551 §4.5.2)."""

import av
import numpy as np
import pytest

from media.codec import g722
from tests.support.phone import level_of, signal_to_noise


def chirp(seconds: float = 1.0) -> np.ndarray:
    time = np.arange(int(16_000 * seconds)) / 16_000
    return (9000 * np.sin(2 * np.pi * (200 + 3000 * time) * time)).astype(np.int16)


def test_twenty_milliseconds_are_160_bytes_and_160_ticks() -> None:
    payload = g722.G722Encoder().encode(np.zeros(320, np.int16))
    assert len(payload) == g722.ticks(payload) == 160
    assert len(g722.G722Decoder().decode(payload)) == 320


@pytest.mark.parametrize("frequency", [300, 1000, 3000, 5000])
def test_tones_of_both_bands_keep_level_and_shape(frequency: int) -> None:
    sent = (8000 * np.sin(2 * np.pi * frequency / 16_000 * np.arange(16_000))).astype(np.int16)
    encoder, decoder = g722.G722Encoder(), g722.G722Decoder()
    frames = [decoder.decode(encoder.encode(frame)) for frame in sent.reshape(-1, 320)]
    heard = np.concatenate(frames)
    assert abs(level_of(heard[3200:]) - level_of(sent)) < 0.5
    assert signal_to_noise(heard, sent[3200:12_800]) > (25 if frequency < 4000 else 14)


def test_the_decoder_is_bit_exact_with_another_implementation() -> None:
    """FFmpeg's decoder stands in for the vectors of ITU-T G.722 Appendix II, which are not ours to copy."""
    encoder = g722.G722Encoder()
    payloads = [encoder.encode(frame) for frame in chirp().reshape(-1, 320)]
    other = av.CodecContext.create("g722", "r")
    other.sample_rate, other.layout = 16_000, "mono"  # type: ignore[attr-defined]
    expected = np.concatenate([f.to_ndarray()[0] for p in payloads for f in other.decode(av.Packet(p))])
    decoder = g722.G722Decoder()
    assert (np.concatenate([decoder.decode(payload) for payload in payloads]) == expected).all()


def test_any_bytes_decode_to_two_samples_each() -> None:
    decoder = g722.G722Decoder()
    assert len(decoder.decode(bytes(range(256)))) == 512 and len(decoder.decode(b"")) == 0

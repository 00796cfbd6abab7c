"""G.711 against a sample-by-sample transcription of the Sun reference coder, exhaustively."""

import math
import warnings

import numpy as np
import pytest

from media.codec import g711

SAMPLES = np.arange(65_536, dtype=np.uint16).view(np.int16)
CODES = np.arange(256, dtype=np.uint8)


def reference_ulaw(sample: int) -> int:
    sample >>= 2
    mask = 0x7F if sample < 0 else 0xFF
    magnitude = min(abs(sample), 8159) + 0x21
    for segment in range(8):
        if magnitude <= (0x40 << segment) - 1:
            return ((segment << 4) | ((magnitude >> (segment + 1)) & 0xF)) ^ mask
    return 0x7F ^ mask


def reference_alaw(sample: int) -> int:
    sample >>= 3
    mask = 0xD5 if sample >= 0 else 0x55
    magnitude = sample if sample >= 0 else -sample - 1
    for segment in range(8):
        if magnitude <= (0x20 << segment) - 1:
            return ((segment << 4) | ((magnitude >> max(segment, 1)) & 0xF)) ^ mask
    raise AssertionError("13 bits fit into eight segments")


def reference_from_ulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0xF) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def reference_from_alaw(code: int) -> int:
    code ^= 0x55
    segment = (code & 0x70) >> 4
    magnitude = (code & 0xF) << 4
    magnitude = magnitude + 8 if segment == 0 else (magnitude + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def test_every_sample_and_every_byte_is_coded_as_the_reference_does() -> None:
    assert g711.encode_ulaw(SAMPLES).tolist() == [reference_ulaw(s) for s in SAMPLES.tolist()]
    assert g711.encode_alaw(SAMPLES).tolist() == [reference_alaw(s) for s in SAMPLES.tolist()]
    assert g711.decode_ulaw(CODES).tolist() == [reference_from_ulaw(c) for c in range(256)]
    assert g711.decode_alaw(CODES).tolist() == [reference_from_alaw(c) for c in range(256)]


def test_every_sample_and_every_byte_is_coded_as_the_standard_library_did() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="left the standard library in Python 3.13")
    pcm, codes = SAMPLES.tobytes(), CODES.tobytes()
    assert g711.encode_ulaw(SAMPLES).tobytes() == audioop.lin2ulaw(pcm, 2)
    assert g711.encode_alaw(SAMPLES).tobytes() == audioop.lin2alaw(pcm, 2)
    assert g711.decode_ulaw(CODES).tobytes() == audioop.ulaw2lin(codes, 2)
    assert g711.decode_alaw(CODES).tobytes() == audioop.alaw2lin(codes, 2)


def test_a_byte_survives_decoding_and_encoding() -> None:
    assert g711.encode_alaw(g711.decode_alaw(CODES)).tolist() == CODES.tolist()
    again = g711.encode_ulaw(g711.decode_ulaw(CODES))
    # µ-law has two zeros; the negative one (0x7F) comes back as the positive one.
    assert [c for c in range(256) if again[c] != c] == [0x7F]


def test_transcoding_goes_by_the_linear_sample() -> None:
    assert (g711.encode_alaw(g711.decode_ulaw(CODES)) == g711.ULAW_TO_ALAW).all()
    assert (g711.encode_ulaw(g711.decode_alaw(CODES)) == g711.ALAW_TO_ULAW).all()


def test_a_full_scale_tone_keeps_38_db_of_signal_to_noise() -> None:
    """ITU-T G.712 asks for 33 dB at 0 dBm0; the coder itself gives about 38."""
    tone = (0.7 * 32767 * np.sin(2 * math.pi * 1013 / 8000 * np.arange(8000))).astype(np.int16)
    for decoded in (
        g711.decode_ulaw(g711.encode_ulaw(tone)),
        g711.decode_alaw(g711.encode_alaw(tone)),
    ):
        noise = decoded.astype(np.float64) - tone
        assert 10 * np.log10((tone.astype(np.float64) ** 2).mean() / (noise**2).mean()) > 37

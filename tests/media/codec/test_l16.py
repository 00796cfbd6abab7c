"""L16 (RFC 3551 §4.5.11)."""

import numpy as np

from media.codec import l16


def test_samples_travel_in_network_byte_order() -> None:
    pcm = np.array([1, -2, 0x1234], np.int16)
    payload = l16.L16Encoder().encode(pcm)
    assert payload == b"\x00\x01\xff\xfe\x12\x34" and l16.ticks(payload) == 3
    assert (l16.L16Decoder().decode(payload) == pcm).all()


def test_half_a_sample_is_passed_over() -> None:
    assert l16.L16Decoder().decode(b"\x00\x05\x07").tolist() == [5]
    assert l16.L16Decoder().decode(b"").tolist() == []

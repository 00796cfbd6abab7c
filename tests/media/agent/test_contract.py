"""Encodings of agent sockets: frames of 20 ms."""

import pytest

from media.agent.contract import Encoding


@pytest.mark.parametrize(
    ("encoding", "samples", "size"),
    [
        (Encoding.ULAW_8000, 160, 160),
        (Encoding.PCM_8000, 160, 320),
        (Encoding.PCM_16000, 320, 640),
        (Encoding.PCM_24000, 480, 960),
    ],
)
def test_a_frame_is_twenty_milliseconds(encoding: Encoding, samples: int, size: int) -> None:
    assert (encoding.frame_samples, encoding.frame_bytes) == (samples, size)
    assert encoding.frame_samples * 50 == encoding.rate

"""What a leg sends: a second of voice-like sound in each codec, encoded once and sent again and again.

Frame 0 of each second is loud: the far end is heard by it where no stamp survives the codec.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.codec.g711 import LINEAR_TO_ULAW
from media.codec.g722 import G722Encoder
from media.codec.opus import OpusEncoder

FRAMES = 50


@dataclass(frozen=True, slots=True)
class Source:
    payload_type: int
    step: int
    "Units of the RTP clock in 20 ms."
    frames: NDArray[np.uint8]
    "Shape (50, longest)."
    lengths: NDArray[np.int64]
    attributes: tuple[str, ...]
    "Lines of the media description."


def pcmu() -> Source:
    pcm = voice(8_000)
    return _source(0, 160, [LINEAR_TO_ULAW[frame.view(np.uint16)].tobytes() for frame in pcm], "PCMU/8000")


def hum() -> Source:
    """`pcmu` without its burst."""
    pcm = voice(8_000)
    pcm[0] = pcm[1]
    return _source(0, 160, [LINEAR_TO_ULAW[frame.view(np.uint16)].tobytes() for frame in pcm], "PCMU/8000")


def talk() -> Source:
    """`pcmu` with a pause of 0.3 s in each second, as people make them."""
    pcm = voice(8_000)
    pcm[35:] = 0
    return _source(0, 160, [LINEAR_TO_ULAW[frame.view(np.uint16)].tobytes() for frame in pcm], "PCMU/8000")


def g722(*, hums: bool = False) -> Source:
    """Args: hums: without its burst."""
    coder, pcm = G722Encoder(), voice(16_000)
    if hums:
        pcm[0] = pcm[1]
    return _source(9, 160, [coder.encode(frame) for frame in pcm], "G722/8000")


def opus() -> Source:
    coder = OpusEncoder()
    pcm = voice(16_000)
    for frame in pcm[:5]:
        coder.encode(frame)
    return _source(111, 960, [coder.encode(frame) for frame in pcm], "opus/48000/2")


def _source(payload_type: int, step: int, payloads: list[bytes], name: str) -> Source:
    longest = max(map(len, payloads))
    frames = np.zeros((FRAMES, longest), np.uint8)
    for row, payload in zip(frames, payloads, strict=True):
        row[: len(payload)] = np.frombuffer(payload, np.uint8)
    lengths = np.array([len(payload) for payload in payloads])
    return Source(payload_type, step, frames, lengths, (f"a=rtpmap:{payload_type} {name}",))


def voice(rate: int) -> NDArray[np.int16]:
    """Shape (50, samples of 20 ms)."""
    times = np.arange(rate) / rate
    pitch = 2 * np.pi * 120 * times
    sound = np.sum([np.sin(n * pitch + n * n) / n for n in range(1, 28)], axis=0)
    sound *= 1_200 * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * times))
    sound[: rate // 50] = 26_000 * np.sign(np.sin(2 * np.pi * 1_000 * times[: rate // 50] + 0.1))
    frames: NDArray[np.int16] = sound.round().astype(np.int16).reshape(FRAMES, -1)
    return frames

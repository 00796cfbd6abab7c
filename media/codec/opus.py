"""Opus in RTP: 16 kHz mono out, anything in (RFC 6716, RFC 7587).

We send 20 ms of voice with the encoder's lowest complexity and in-band FEC, which costs a
quarter of its default. The decoder always works at 48 kHz mono, whatever the sender chose.
Declined: reading a lost frame out of the next packet's FEC (the decoder offers no door to
it; `dsp/conceal.py` fills the gap) and stereo.
"""

from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from media.codec.g711 import Pcm

DECODED_HZ: Final = 48_000
BITS: Final = 24_000
"Per second, as asked of the encoder; RFC 7587 §3.1.1 names 16 to 20 kbit/s for wideband speech."
LOSS_PERCENT: Final = 5
"For which the encoder spends FEC."
_RATE: Final = 16_000
_OPTIONS: Final = {
    "application": "voip",
    "compression_level": "0",
    "frame_duration": "20",
    "vbr": "constrained",
    "fec": "1",
    "packet_loss": str(LOSS_PERCENT),
}
_LONGEST: Final = 5_760
"Ticks of 120 ms, the most in one packet (RFC 6716 §3.2.5)."
_EMPTY: Final = np.zeros(0, np.int16)


class OpusEncoder:
    def __init__(self) -> None:
        coder = av.CodecContext.create("libopus", "w")
        assert isinstance(coder, AudioCodecContext), "Opus is audio"
        coder.sample_rate = _RATE
        coder.layout = "mono"
        coder.format = "s16"
        coder.bit_rate = BITS
        coder.time_base = Fraction(1, _RATE)
        coder.options = dict(_OPTIONS)
        self._coder = coder
        self._frame = av.AudioFrame(format="s16", layout="mono", samples=320)
        self._frame.sample_rate = _RATE
        self._at = 0

    def encode(self, pcm: Pcm) -> bytes:
        """320 samples → one packet of 20 ms."""
        frame = self._frame
        frame.planes[0].update(pcm.tobytes())
        frame.pts = self._at
        self._at += 320
        return b"".join(bytes(packet) for packet in self._coder.encode(frame))


class OpusDecoder:
    def __init__(self) -> None:
        self._coder = self._fresh()

    def decode(self, payload: bytes) -> Pcm:
        """One packet → samples at 48 kHz; none when it cannot be decoded."""
        if not payload:
            return _EMPTY
        try:
            frames = self._coder.decode(av.Packet(payload))
        except (FFmpegError, ValueError):
            # After an error the context refuses whatever comes.
            self._coder = self._fresh()
            return _EMPTY
        if not frames:
            return _EMPTY
        pieces = [np.frombuffer(memoryview(frame.planes[0]), np.int16, frame.samples) for frame in frames]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    @staticmethod
    def _fresh() -> AudioCodecContext:
        # FFmpeg's own decoder (`opus`) is cheaper, but its packets change length where the mode changes.
        coder = av.CodecContext.create("libopus", "r")
        assert isinstance(coder, AudioCodecContext), "Opus is audio"
        coder.sample_rate = DECODED_HZ
        coder.layout = "mono"
        return coder


def ticks(payload: bytes) -> int:
    """Length in units of the RTP clock, 48 kHz, by the first bytes alone; 0 if no packet starts so.

    RFC 6716 §3.1: the first byte holds configuration and count code, code 3 has a count byte.
    """
    if not payload:
        return 0
    first = payload[0]
    config, code = first >> 3, first & 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    counted = payload[1] & 0x3F if len(payload) > 1 else 0
    count = (1, 2, 2, counted)[code]
    whole = frame * count
    return whole if whole <= _LONGEST else 0

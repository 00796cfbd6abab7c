"""Opus in RTP: mono at 16 kHz both ways, whatever the peer sends (RFC 6716, RFC 7587).

We send frames of 20 ms of voice, up to three in a packet, with the encoder's lowest complexity, narrowband
what has no more, and in-band FEC once the peer tells of losses (RFC 7587 §3.3): below 32 kbit/s wideband
voice has no room for it, and without losses it would be waste. A frame that was lost is read out of the next
packet's FEC where that is there in time (with packets that come unevenly it waits in the jitter buffer). As
long as nothing is there, it may be late: it is made up without the decoder, which is told once it is sure
that the frame was lost. The receiver may bound the rate, and ask for pauses (RFC 7587 §6.1); what else it
may wish is a hint that we pass over.
Declined: stereo.
"""

import ctypes
from typing import Final

import numpy as np

from media.codec import libopus
from media.codec.g711 import Pcm

BITS: Final = 24_000
"Per second, as asked of the encoder; RFC 7587 §3.1.1 names 16 to 20 kbit/s for wideband speech."
BITS_WITH_FEC: Final = 32_000
"As long as packets are lost."
NARROW_BITS: Final = (16_000, 28_000)
"The same two of what has nothing above 4 kHz; RFC 7587 §3.1.1 names 8 to 12 kbit/s for narrowband speech."
LEAST_LOSS: Final = 6
"Percent from which the encoder is sure to spend FEC at that rate."
CLOCK: Final = 48_000
"Of RTP [Hz], whatever the audio's."
IMPAIRMENT: Final = 0.0, 10.0
"""Ie and Bpl on the narrowband scale, on which G.113 has none: at our rates it is as good as G.711 up to
4 kHz, but its decoder misses what came before: one lost frame that FEC does not restore spoils 2.5 times as
much (`test_lost_frames.py`). GSM-EFR, which predicts alike, has 10 (G.113, Table I.4)."""
_RATE: Final = 16_000
FRAME: Final = _RATE // 50
"Samples of 20 ms."
_LONGEST: Final = 5_760
"Ticks of 120 ms, the most in one packet (RFC 6716 §3.2.5)."
_LARGEST: Final = 1_276
"Bytes of a packet of one frame (RFC 6716 §3.2.1), and of what we join."
NOTHING_SAID: Final = 2
"Bytes of a packet after which nothing may come for a while (RFC 6716 §2.1.9), or that need not be sent."
_EMPTY: Final = np.zeros(0, np.int16)


class _Coder:
    """One of an encoder's two, for what has up to 8 kHz and what has up to 4."""

    def __init__(self, rate: int, bits: int, bits_with_fec: int) -> None:
        self.state = libopus.encoder(rate, application=libopus.VOIP, bits=bits, complexity=0)
        self.pcm = np.zeros(rate // 50, np.int16)
        self.samples = self.pcm.ctypes.data
        self._bits, self._bits_with_fec = bits, bits_with_fec

    def expect_loss(self, percent: int, most_bits: int) -> None:
        lossy = percent > 0
        bits = self._bits_with_fec if lossy else self._bits
        libopus.expect_loss(
            self.state, max(percent, LEAST_LOSS) if lossy else 0, min(bits, most_bits or bits)
        )


class OpusEncoder:
    def __init__(self) -> None:
        self._coders: dict[int, _Coder] = {}
        "By the samples of a frame; the second one is made when it is needed."
        self._last: _Coder | None = None
        self._packet = ctypes.create_string_buffer(_LARGEST)
        self._loss = 0
        "Percent."
        self._most_bits, self._pauses = 0, False

    def encode(self, pcm: Pcm) -> bytes:
        """20 ms at 16 kHz, (320,), or at 8 kHz, (160,) → one packet.

        Half the samples take 60 % of the time. Whoever decodes learns of each packet how much is in it.
        """
        coder = self._coders.get(len(pcm)) or self._make(len(pcm))
        if coder is not self._last:
            # The decoder begins anew where the bandwidth changes (RFC 6716 §4.5).
            libopus.begin(coder.state)
            self._last = coder
        coder.pcm[:] = pcm
        size = libopus.encode(coder.state, coder.samples, len(pcm), self._packet, _LARGEST)
        return self._packet.raw[: max(size, 0)]

    def suit(self, most_bits: int, *, pauses: bool) -> None:
        """As the peer asks. Args: most_bits: per second, 0: any; pauses: see `NOTHING_SAID`."""
        self._most_bits, self._pauses = most_bits, pauses
        for coder in self._coders.values():
            self._instruct(coder)

    def expect_loss(self, percent: int) -> None:
        """The peer has missed so many of the packets of late; what it missed before counts less and less."""
        loss = max(percent, self._loss - 1)
        if loss != self._loss:
            self._loss = loss
            for coder in self._coders.values():
                coder.expect_loss(loss, self._most_bits)

    def _make(self, samples: int) -> _Coder:
        wide = samples == FRAME
        made = _Coder(_RATE, BITS, BITS_WITH_FEC) if wide else _Coder(_RATE // 2, *NARROW_BITS)
        self._coders[samples] = made
        self._instruct(made)
        return made

    def _instruct(self, coder: _Coder) -> None:
        coder.expect_loss(self._loss, self._most_bits)
        libopus.pause(coder.state, pauses=self._pauses)


class OpusDecoder:
    def __init__(self) -> None:
        self._state = libopus.decoder(_RATE)
        self._pcm = np.zeros(_LONGEST * _RATE // CLOCK, np.int16)
        self._samples = self._pcm.ctypes.data

    def decode(self, payload: bytes) -> Pcm:
        """One packet → samples at 16 kHz; none when it cannot be decoded."""
        if not payload:
            return _EMPTY
        count = libopus.decode(self._state, payload, len(payload), self._samples, len(self._pcm), 0)
        return self._pcm[: max(count, 0)].copy()

    def conceal(self, following: bytes) -> tuple[Pcm, bool]:
        """The frame of 20 ms that is missing before a packet, and whether that packet has it.

        Args:
            following: empty when that has not come either; then the frame is made up.
        """
        known = has_fec(following)
        packet, size = (following, len(following)) if known else (None, 0)
        count = libopus.decode(self._state, packet, size, self._samples, FRAME, int(known))
        return self._pcm[: max(count, 0)].copy(), known


def join(first: bytes, second: bytes) -> bytes | None:
    """Two packets in one; None where they are of two kinds, or too large for one datagram."""
    return libopus.join(first, second, _LARGEST)


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


def has_fec(payload: bytes) -> bool:
    """Whether a packet of one frame of 20 ms, not CELT's, holds the one before it too (RFC 6716 §4.2.3)."""
    if len(payload) < 2 or payload[0] >> 3 >= 16 or payload[0] & 3 or ticks(payload) != CLOCK // 50:
        return False
    return bool(payload[1] & 0x40)

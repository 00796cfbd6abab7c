"""Two channels of a leg's recording on one clock, whatever clocks its peers have.

::

    received of the leg ─▶ left track  ┐
    sent to the leg     ─▶ right track ┴─▶ pairs of samples, interleaved

A frame goes where our clock says that it belongs, to the sample at first; later a track runs on by frames,
and is brought back by one frame when it is a whole one ahead or behind. So the two can never be more than
that apart, and no correction clicks: a frame too much is melted into the one before, one too few is made of
its neighbours. A track that gets nothing is silent.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from media.dsp.fade import ramped
from media.dsp.seam import TAIL, carried_on, fading
from media.frame import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Pcm

LONG: Final = 3
"Frames: a gap from here on is silence, not audio that our clock lost."
PIECE: Final = 50
"Frames that are handed on together."
SLACK: Final = 2
"Frames: a track that is so far behind the other one gets nothing."

_ONE: Final = np.ones(1, np.float32)
_ZERO: Final = np.zeros(1, np.float32)


@dataclass(slots=True)
class Track:
    frame: int = FRAME_SAMPLES
    "Samples of one."
    placed: int = 0
    "Samples since the recording's start, those handed on included."
    waiting: bytearray = field(default_factory=bytearray)
    _last: Pcm = field(default_factory=lambda: np.zeros(FRAME_SAMPLES, np.int16))
    _gain: float = 1.0
    _quiet: bool = False
    "Nothing has come for a while."

    def settle(self, frame: int) -> None:
        self.frame = frame
        self._last = np.zeros(frame, np.int16)

    def place(self, pcm: Pcm, at: float, *, paused: bool) -> None:
        """Put one frame where it belongs. Args: at: samples since the recording's start, by our clock."""
        frame, gain = pcm, 0.0 if paused else 1.0
        if gain != 1.0 or self._gain != 1.0:
            before, after = np.full(1, self._gain, np.float32), np.full(1, gain, np.float32)
            frame = ramped(pcm[None, :], before, after)[0]
            self._gain = gain
        behind, begins = round(at) - self.placed, not self.placed
        if begins or behind >= LONG * self.frame or (self._quiet and behind > 0):
            self.pad(behind)
        elif self._quiet:
            pass
        elif behind >= self.frame:
            self._append(_melted(frame, self._last))
        elif behind <= -self.frame and len(self.waiting) >= 2 * self.frame:
            frame = _melted(self._last, frame)
            del self.waiting[-2 * self.frame :]
            self.placed -= self.frame
        if begins:
            frame = carried_on(np.zeros((1, TAIL * (self.frame // FRAME_SAMPLES)), np.int16), frame[None, :])[
                0
            ]
        elif self._quiet:
            frame = ramped(frame[None, :], _ZERO, _ONE)[0]
            self._quiet = False
        self._append(frame)

    def pad(self, samples: int) -> None:
        """Silence for so long; what was heard before it fades."""
        if samples <= 0:
            return
        if self._last.any():
            rest = fading(self._last)[:samples]
            self._last = np.zeros(self.frame, np.int16)
            self.waiting += rest.tobytes()
            self.placed += len(rest)
            samples -= len(rest)
        self._quiet = self.placed > 0
        self.waiting += bytes(2 * samples)
        self.placed += samples

    def _append(self, frame: Pcm) -> None:
        self.waiting += frame.tobytes()
        self.placed += self.frame
        self._last = frame


class Timeline:
    """Args: started_at: monotonic [s]."""

    def __init__(self, started_at: float) -> None:
        self._started_at = started_at
        self._rate, self._frame = SAMPLE_RATE, FRAME_SAMPLES
        self._heard, self._sent = Track(), Track()
        self._left, self._right = self._heard, self._sent
        self.paused = False
        "Silence is recorded; the clock runs on."

    def settle(self, rate: int) -> None:
        """Before the first frame: of what rate they will be [Hz]."""
        self._rate, self._frame = rate, rate * FRAME_MS // 1000
        for track in (self._heard, self._sent):
            track.settle(self._frame)

    def swap(self) -> None:
        """Another leg goes on with the recording: what it hears is what the former one said."""
        self._heard, self._sent = self._sent, self._heard

    def hear(self, pcm: Pcm, now: float) -> None:
        """A frame that came from the leg."""
        self._heard.place(pcm, self._samples(now), paused=self.paused)

    def send(self, pcm: Pcm, now: float) -> None:
        """A frame that went to it."""
        self._sent.place(pcm, self._samples(now), paused=self.paused)

    def take(self, *, all: bool = False) -> bytes:
        """Interleaved samples that are complete: none until there are many, or all that there are."""
        tracks = (self._left, self._right)
        most = max(track.placed for track in tracks)
        longest = max(len(track.waiting) for track in tracks)
        if not all and longest < 2 * (PIECE + SLACK) * self._frame:
            return b""
        for track in tracks:
            track.pad(most - (0 if all else SLACK * self._frame) - track.placed)
        count = min(len(track.waiting) for track in tracks)
        pairs = np.empty((count // 2, 2), np.int16)
        for channel, track in enumerate(tracks):
            pairs[:, channel] = np.frombuffer(track.waiting[:count], np.int16)
            del track.waiting[:count]
        return pairs.tobytes()

    def _samples(self, now: float) -> float:
        return (now - self._started_at) * self._rate


def _melted(first: Pcm, second: Pcm) -> Pcm:
    """One frame that begins as `first` and ends as `second`."""
    rise = np.arange(1, len(first) + 1, dtype=np.float32) / len(first)
    melted: Pcm = (first * (1 - rise) + second * rise).astype(np.int16)
    return melted

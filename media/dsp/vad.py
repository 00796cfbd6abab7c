"""Voice activity of every leg: who is speaking, since which frame, and who has stopped.

::

    frame ─▶ VoiceGate ─▶ webrtcvad (frames that pass only) ─▶ 4 of the last 8 ─▶ started
                                                               500 ms without  ─▶ stopped

webrtcvad alone takes half of white noise, most ringback and every DTMF digit for speech; the gate alone
takes sustained music for it. A single voiced frame is nobody speaking: clicks and the edges of tones have
one or two.
"""

from typing import Final

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from media.dsp.gate import VoiceGate

_WINDOW: Final = 8  # frames, the bits of a byte
_ONES: Final = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)
_AGE: Final = np.array([max(byte.bit_length() - 1, 0) for byte in range(256)], np.uint8)


class VoiceActivity:
    """Speech on every slot; a slot's frames are expected every 20 ms, silent or concealed ones too."""

    def __init__(
        self, slots: int, aggressiveness: int = 2, *, confirm: int = 4, release: float = 0.5
    ) -> None:
        """
        Args:
            aggressiveness: of webrtcvad, 0 (takes most for speech) to 3.
            confirm: voiced frames among the last 8 that make speech.
            release: silence that ends speech [s].
        """
        self.speaking: Final = np.zeros(slots, np.bool_)
        self.onset: Final = np.zeros(slots)
        "Arrival of the first voiced frame of the latest speech [s]."
        self.heard: Final = np.zeros(slots)
        "Arrival of the latest voiced frame [s]."
        self._aggressiveness = aggressiveness
        self._confirm = confirm
        self._release = release
        self._gate = VoiceGate(slots)
        self._detectors: list[webrtcvad.Vad | None] = [None] * slots
        self._recent = np.zeros(slots, np.uint8)  # one bit a frame, the newest lowest
        self._arrivals = np.zeros((slots, _WINDOW))
        self._count = np.zeros(slots, np.uint8)

    def process(
        self, rows: NDArray[np.int32], pcm: NDArray[np.int16], now: float
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Take one frame of each leg in `rows`, which are different slots.

        Args:
            pcm: shape ``(len(rows), 160)``, 8 kHz.
            now: when these frames arrived [s].

        Returns:
            The slots where speech started and those where it stopped.
        """
        voiced = self._gate.process(rows, pcm)
        self._consult_detectors(rows, pcm, voiced)
        recent = (self._recent[rows] << 1) | voiced
        self._recent[rows] = recent
        count = self._count[rows]
        self._count[rows] = count + 1

        heard = rows[voiced]
        if len(heard):
            self.heard[heard] = now
            self._arrivals[heard, count[voiced] % _WINDOW] = now
        speaking = self.speaking[rows]
        starting = ~speaking & (_ONES[recent] >= self._confirm)
        started = rows[starting]
        if len(started):
            self.speaking[started] = True
            first = (count[starting] - _AGE[recent[starting]]) % _WINDOW
            self.onset[started] = self._arrivals[started, first]
        stopped = rows[speaking]
        if len(stopped):
            stopped = stopped[now - self.heard[stopped] >= self._release]
            self.speaking[stopped] = False
        return started, stopped

    def reset(self, slot: int) -> None:
        """Forget the slot, as at the start of a call."""
        self._gate.reset(slot)
        self._detectors[slot] = None
        self._recent[slot] = 0
        self.speaking[slot] = False
        self.onset[slot] = 0.0
        self.heard[slot] = 0.0

    def _consult_detectors(
        self, rows: NDArray[np.int32], pcm: NDArray[np.int16], voiced: NDArray[np.bool_]
    ) -> None:
        """Clear those of `voiced` that webrtcvad does not take for speech."""
        for index in voiced.nonzero()[0].tolist():
            slot = int(rows[index])
            detector = self._detectors[slot]
            if detector is None:
                detector = self._detectors[slot] = webrtcvad.Vad(self._aggressiveness)
            if not detector.is_speech(pcm[index].tobytes(), 8000):
                voiced[index] = False

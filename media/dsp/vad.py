"""Voice activity of every leg: who is speaking, since which frame, and who has stopped.

::

    frame ─▶ VoiceGate ─▶ points ─▶ webrtcvad ─▶ 16 of 4 to 12 frames ─▶ like a voice? twice ─▶ started
                            (voiced frames only)  500 ms without a voiced frame           ─▶ stopped

A clear vowel earns 10 points, a frame without pitch 2. Enough points make a beginning, if `voice.py` and then
`timbre.py` agree: music is full of voiced frames where its notes begin. Held tones make it dearer besides.

webrtcvad alone takes half of white noise, most ringback and every DTMF digit for speech, so it is asked
only about frames in which the gate has found a voice, and its no takes their points away.
"""

from typing import Final

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from media.dsp.gate import FULL, TONE, TRAITS, UNVOICED, VOICED, VoiceGate
from media.dsp.timbre import SURE, Timbre
from media.dsp.voice import COLUMNS, ENOUGH, FRAMES, MEMORIES, Likeness, figures

CONFIRM: Final = 16
"Points that make a beginning of speech, if it sounds like a voice."
LEAST: Final = 4
"Frames that must have earned them."
WINDOW: Final = FRAMES
"Frames whose points count together: a consonant, the closure after it and the vowel's beginning."
CONSONANT: Final = 7
"Frames without pitch that count, at most: noise, however long, never comes near `CONFIRM`."
DEARER: Final = np.float32(2.0)
"Points more that are needed for every frame of a tone in the last seconds."
TONES: Final = np.float32(10.0)
"At most so many of these frames count: after any melody, eight frames of a clear vowel are speech."
FADE: Final = np.float32(0.99)
"Of the tones that is left one frame later: half is gone after 1.4 s."
AGGRESSIVENESS: Final = 2
"Of webrtcvad, 0 (takes most for speech) to 3."
_WORTH: Final = np.array(
    [(points * (points > UNVOICED), 0 < points <= UNVOICED) for points in (*range(FULL + 1), TONE)], np.int16
)
"By points: what counts of them, and whether it is a frame without pitch. `TONE` is the last one."


ENDLESS: Final = 1.0
"A beginning that goes on for so long without being one [s] is most likely music."
ASKED: Final = 1
"""Slots of a tick with such a beginning about which `timbre.py` is asked, the others at a later frame: at
0.2 ms each, many with music on hold would hold up the audio of all."""


class VoiceActivity:
    """Speech on every slot; a slot's frames are expected every 20 ms, silent or concealed ones too."""

    def __init__(
        self,
        slots: int,
        *,
        release: float = 0.5,
        aggressiveness: int = AGGRESSIVENESS,
        likeness: Likeness | None = None,
        timbre: Timbre | None = None,
        asked: int = ASKED,
    ) -> None:
        """
        Args:
            release: silence that ends speech [s].
            aggressiveness: of webrtcvad.
            likeness: has the first word on a beginning; the trained one if None.
            timbre: has the last; the trained one if None.
            asked: as `ASKED`; who judges the judges asks about every slot.
        """
        self.speaking: Final = np.zeros(slots, np.bool_)
        self.onset: Final = np.zeros(slots)
        "Arrival of the first voiced frame of the latest speech [s]."
        self.heard: Final = np.zeros(slots)
        "Arrival of the latest voiced frame [s]."
        self._release = release
        self._gate = VoiceGate(slots)
        self._aggressiveness = aggressiveness
        self._detectors: list[webrtcvad.Vad | None] = [None] * slots  # made when a slot is first heard
        # The latest frames: a ring, and what is in it.
        self._points = np.zeros((slots, WINDOW), np.int8)
        self._next = np.zeros(slots, np.intp)
        self._counted = np.zeros((slots, 2), np.int16)  # points of frames with pitch, frames without
        self._tones = np.zeros(slots, np.float32)  # frames, the older the less
        self._frames = np.zeros((slots, WINDOW, COLUMNS), np.float32)
        self._memory = np.zeros((slots, MEMORIES), np.float32)
        self._likeness = Likeness() if likeness is None else likeness
        self._timbre = Timbre(slots) if timbre is None else timbre
        self._begun = np.zeros(slots)  # when the beginning was first seen that is being judged
        self._seen = np.full(slots, -np.inf)  # and when last
        self._turn = 0
        self._most = asked

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
        points = self._gate.process(rows, pcm)
        given = points.copy()
        self._ask(rows, pcm, points)
        self._remember(rows, points, given > points)
        self._timbre.hear(rows, pcm)
        tones = np.minimum(self._tones[rows] * FADE + (points == TONE), TONES)
        self._tones[rows] = tones
        total = self._count(rows, points)

        heard = rows[points >= VOICED]
        self.heard[heard] = now
        speaking = self.speaking[rows]
        # A frame that earned nothing adds nothing to what was refused before.
        started = rows[~speaking & (points > 0) & (total >= CONFIRM + DEARER * tones)]
        if len(started):
            started = started[np.count_nonzero(self._points[started] > 0, axis=1) >= LEAST]
        if len(started):
            likely = self._likeness.score(self._figures(started))
            (likeliest,) = (likely > ENOUGH).nonzero()
            slots = started[likeliest]
            self._begun[slots[now - self._seen[slots] >= ENDLESS]] = now
            self._seen[slots] = now
            endless = now - self._begun[slots] >= ENDLESS
            if np.count_nonzero(endless) > self._most:
                self._turn += self._most
                some = np.roll(likeliest[endless], -self._turn)[: self._most]
                likeliest = np.concatenate((likeliest[~endless], some))
            started, likely = started[likeliest], likely[likeliest]
        if len(started):
            started = started[self._timbre.score(started, likely) > SURE]
        for slot in started.tolist():
            self.speaking[slot] = True
            self.onset[slot] = now - 0.02 * self._age(slot)
            # Without one voiced frame in the window, which is rare, the speech would be over at once.
            self.heard[slot] = max(self.heard[slot], self.onset[slot])
        stopped = rows[speaking]
        if len(stopped):
            stopped = stopped[now - self.heard[stopped] >= self._release]
            self.speaking[stopped] = False
        return started, stopped

    def reset(self, slot: int) -> None:
        """Forget the slot, as at the start of a call."""
        self._gate.reset(slot)
        self._detectors[slot] = None
        self._points[slot] = 0
        self._counted[slot] = 0
        self._tones[slot] = 0.0
        self._frames[slot] = self._memory[slot] = 0.0
        self._timbre.reset(slot)
        self._seen[slot] = -np.inf
        self.speaking[slot] = False
        self.onset[slot] = 0.0
        self.heard[slot] = 0.0

    def _ask(self, rows: NDArray[np.int32], pcm: NDArray[np.int16], points: NDArray[np.int8]) -> None:
        """Take away the points of voiced frames that webrtcvad does not take for speech."""
        for index in np.flatnonzero(points >= VOICED).tolist():
            slot = int(rows[index])
            detector = self._detectors[slot]
            if detector is None:
                detector = self._detectors[slot] = webrtcvad.Vad(self._aggressiveness)
            if not detector.is_speech(pcm[index].tobytes(), 8000):
                points[index] = 0

    def _remember(self, rows: NDArray[np.int32], points: NDArray[np.int8], vetoed: NDArray[np.bool_]) -> None:
        """Keep what `voice.py` judges by: this frame, and shares of those before."""
        frame = np.empty((len(rows), COLUMNS), np.float32)
        frame[:, :TRAITS] = self._gate.traits
        frame[:, TRAITS], frame[:, TRAITS + 1] = points, vetoed
        self._frames[rows, self._next[rows]] = frame
        kinds = np.empty((len(rows), MEMORIES), np.float32)
        kinds[:, 0], kinds[:, 1], kinds[:, 2] = points == TONE, frame[:, 0], points >= VOICED
        memory = self._memory[rows]
        self._memory[rows] = kinds + (memory - kinds) * FADE

    def _figures(self, slots: NDArray[np.int32]) -> NDArray[np.float32]:
        order = (self._next[slots][:, None] + np.arange(WINDOW)) % WINDOW
        return figures(self._frames[slots[:, None], order], self._memory[slots])

    def _count(self, rows: NDArray[np.int32], points: NDArray[np.int8]) -> NDArray[np.int16]:
        """Put `points` into the rings; returns what counts of each."""
        place = self._next[rows]
        dropped = self._points[rows, place]
        self._points[rows, place] = points
        place += 1
        place[place == WINDOW] = 0
        self._next[rows] = place
        counts = self._counted[rows] + (_WORTH[points] - _WORTH[dropped])
        self._counted[rows] = counts
        counted: NDArray[np.int16] = counts[:, 0] + UNVOICED * np.minimum(counts[:, 1], CONSONANT)
        return counted

    def _age(self, slot: int) -> int:
        """Frames since the oldest voiced one in the ring."""
        oldest_first = np.roll(self._points[slot], -int(self._next[slot]))
        return WINDOW - 1 - int((oldest_first >= VOICED).argmax())

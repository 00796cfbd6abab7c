"""The ear of a bot: frames of one caller in, "somebody began to speak" and whole utterances out.

For agents that we write ourselves. A call on the wire has its own voice detection, over all legs at once.
"""

import numpy as np
from numpy.typing import NDArray

from media.dsp.vad import VoiceActivity

FRAME_SAMPLES = 160
LEAD = 25
"Frames of an utterance from before the voice was noticed: 0.5 s."


class Ear:
    """
    Args:
        longest: frames of one utterance that are kept; later ones are dropped.
    """

    def __init__(self, longest: int = 500) -> None:
        self._longest = longest
        self._activity = VoiceActivity(slots=1)
        self._row = np.zeros(1, np.int32)
        self._heard = 0  # frames, the time of this ear
        self._utterance: list[NDArray[np.int16]] = []

    @property
    def speaking(self) -> bool:
        return bool(self._activity.speaking[0])

    def hear(self, pcm: NDArray[np.int16]) -> tuple[bool, NDArray[np.int16] | None]:
        """Take 20 ms at 8 kHz, 160 samples.

        Returns:
            Whether somebody began to speak, and what was said if they have just ended.
        """
        self._heard += 1
        if len(self._utterance) < self._longest:
            self._utterance.append(pcm)
        started, stopped = self._activity.process(self._row, pcm[None, :], self._heard * 0.02)
        if len(stopped):
            said = np.concatenate(self._utterance)
            self._utterance = []
            return False, said
        if not self.speaking:
            del self._utterance[:-LEAD]
        return len(started) > 0, None

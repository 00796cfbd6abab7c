"""Which of a few phrases was said: pocketsphinx with a grammar of just these (optional extra `stt`).

Offline and small, so for menus and demonstrations: a handful of phrases of two or three syllables each.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

_MODEL_RATE: Final = 16_000
_SURE: Final = 0.57  # score of the best path; phrases of the grammar have 0.6 and more, long other talk 0.5
_OTHER: Final = ("no", "yes", "what", "hello", "stop", "okay")  # short talk that would be taken for a phrase
_LOUD: Final = 0.05  # of the peak: where the utterance begins and ends
_BEFORE, _AFTER = 800, 1600  # samples kept around it
_HISS: Final = 10.0  # added, since the model was trained on rooms and stumbles over digital silence

Recognise = Callable[[NDArray[np.int16]], str | None]
"8 kHz samples → the phrase, or None. Takes about 15 ms per second of speech: not for an event loop."


def recogniser(phrases: tuple[str, ...]) -> Recognise | None:
    """A recogniser of `phrases` (lower-case English words), or None where pocketsphinx is not installed.

    It serves one thread at a time.
    """
    try:
        from pocketsphinx import Decoder  # noqa: PLC0415 - optional extra
    except ImportError:
        return None
    decoder = Decoder(lm=None, loglevel="FATAL")
    choice = " | ".join(dict.fromkeys(phrases + _OTHER))
    decoder.add_jsgf_string("menu", f"#JSGF V1.0; grammar menu; public <menu> = {choice};")
    decoder.activate_search("menu")

    def recognise(pcm: NDArray[np.int16]) -> str | None:
        magnitude = np.abs(pcm.astype(np.float32))
        loud = np.flatnonzero(magnitude > _LOUD * magnitude.max(initial=1.0))
        if not len(loud):
            return None
        said = pcm[max(loud[0] - _BEFORE, 0) : loud[-1] + _AFTER]
        noisy = said + np.random.default_rng(1).normal(0.0, _HISS, len(said)).astype(np.float32)
        wide = np.clip(soxr.resample(noisy, 8_000, _MODEL_RATE), -32768, 32767).astype(np.int16)
        decoder.start_utt()
        decoder.process_raw(wide.tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        if best is None or best.hypstr not in phrases or best.best_score < _SURE:
            return None
        return str(best.hypstr)

    return recognise

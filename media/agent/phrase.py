"""Which of a few phrases was said: pocketsphinx with a grammar of just these (optional extra `stt`).

Offline and small, so for menus and demonstrations: a handful of phrases of two or three syllables each.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

_MODEL_RATE: Final = 16_000
_SURE: Final = 0.57  # score of the best path; phrases of the grammar have 0.6 and more, other talk about 0.5

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
    decoder.add_jsgf_string("menu", f"#JSGF V1.0; grammar menu; public <menu> = {' | '.join(phrases)};")
    decoder.activate_search("menu")

    def recognise(pcm: NDArray[np.int16]) -> str | None:
        wide = soxr.resample(pcm, 8_000, _MODEL_RATE)
        decoder.start_utt()
        decoder.process_raw(wide.tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        if best is None or best.hypstr not in phrases or best.best_score < _SURE:
            return None
        return str(best.hypstr)

    return recognise

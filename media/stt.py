"""Offline speech to text: pocketsphinx with its English language model, in threads of its own (extra `stt`).

Small and free of any service, and no match for a vendor's: good for trying things out.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import soxr

from media.tts import SpeechError

MISSING: Final = "offline recognition needs the extra stt: pip install -e '.[stt]'"
_MODEL_RATE: Final = 16_000
_QUEUE: Final = 16
"Utterances that may wait."


class Scribe:
    """One recogniser for any number of callers, one utterance at a time; use it on one loop and close it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "pocketsphinx")
        self._decoder: Any = None
        self._waiting = 0

    async def transcribe(self, pcm: bytes, rate: int, language: str) -> str:
        if not language.lower().startswith("en"):
            raise SpeechError(f"offline recognition knows English alone, not {language[:16]}")
        if self._waiting >= _QUEUE:
            raise SpeechError(f"{_QUEUE} utterances wait to be recognised already")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._recognise, pcm, rate)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _recognise(self, pcm: bytes, rate: int) -> str:
        if self._decoder is None:
            try:
                from pocketsphinx import Decoder  # noqa: PLC0415 - optional extra
            except ImportError:
                raise SpeechError(MISSING) from None
            self._decoder = Decoder(loglevel="FATAL")
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        wide = soxr.resample(samples, rate, _MODEL_RATE) if rate != _MODEL_RATE else samples
        # The model was trained on rooms and stumbles over digital silence.
        noisy = wide + np.random.default_rng(1).normal(0.0, 10.0, len(wide))
        decoder = self._decoder
        decoder.start_utt()
        decoder.process_raw(np.clip(noisy, -32768, 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return "" if best is None else str(best.hypstr)

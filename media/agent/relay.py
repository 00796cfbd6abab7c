"""Speech for agents that know text alone: what the caller says becomes words, their words become audio, in
order.

::

    hear(frame) ─▶ utterance (0.5 s lead, till the VAD's end) ─▶ Scribe ─▶ Session.prompted
    utter(text) ─▶ queue, one after another ─▶ Voice, resampled ─▶ Session.spoken

Providers are asked by tasks of the loop; their work is done elsewhere. What was cut is not spoken any more.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

import numpy as np
import soxr

from media.agent.contract import Buffer, Encoding
from media.agent.effect import Finish, Utter
from media.speech import Scribe, Voice
from media.tts import SpeechError

LEAD: Final = 25
"Frames kept from before the voice was noticed."
LONGEST: Final = 3_000
"Frames of one utterance; later ones are not heard (1 min)."
UTTERANCES: Final = 64
"Texts waiting to be spoken; more are dropped, and told once until there is room again."

_log = logging.getLogger(__name__)


class Relay:
    """
    Args:
        heard, spoken: encodings of the caller's frames and of what is made.
        prompted: told the caller's words.
        spoke: told the name, audio and milliseconds of a text.
        finished: every text before it has been spoken, and the agent takes its leave.
        fault: told what a provider could not do.
    """

    def __init__(
        self,
        voice: Voice,
        scribe: Scribe,
        heard: Encoding,
        spoken: Encoding,
        prompted: Callable[[str], None],
        spoke: Callable[[str, bytes, int], None],
        finished: Callable[[str], None],
        fault: Callable[[str], None],
    ) -> None:
        self._voice = voice
        self._scribe = scribe
        self._heard = heard
        self._spoken = spoken
        self._prompted = prompted
        self._spoke = spoke
        self._finished = finished
        self._fault = fault
        self._frames: deque[bytes] = deque(maxlen=LEAD)
        self._utterance: list[bytes] | None = None
        self._texts: asyncio.Queue[Utter | Finish] = asyncio.Queue()
        self._full = False  # and the agent knows
        self._epoch = 0  # cuts so far
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: asyncio.Task[None] | None = None  # the latest utterance
        self._speaking: asyncio.Task[None] | None = None

    # The caller.

    def hear(self, frame: Buffer) -> None:
        if self._utterance is None:
            self._frames.append(bytes(frame))
        elif len(self._utterance) < LONGEST:
            self._utterance.append(bytes(frame))

    def attend(self, speaking: bool, language: str) -> None:
        """The caller begins to speak, or has ended."""
        if speaking:
            self._utterance = list(self._frames)
            return
        said, self._utterance = self._utterance, None
        self._frames.clear()
        if said:
            self._writing = self._do(self._write_down(b"".join(said), language, self._writing))

    # The agent.

    def utter(self, text: Utter | Finish) -> None:
        # There is always room for one leave to be taken.
        if self._texts.qsize() >= UTTERANCES + isinstance(text, Finish):
            if not self._full:
                self._full = True
                self._fault(f"{UTTERANCES} texts wait to be spoken already")
            return
        self._full = False
        self._texts.put_nowait(text)
        if self._speaking is None or self._speaking.done():
            self._speaking = self._do(self._speak_all())

    def cut(self) -> None:
        """The caller interrupted: what is not spoken yet never will be. An agent that takes its leave has
        heard nothing of it, and still does."""
        self._epoch += 1
        leave = None
        while not self._texts.empty():
            text = self._texts.get_nowait()
            if isinstance(text, Finish):
                leave = text
        if leave is not None:
            self._texts.put_nowait(leave)

    def close(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()

    # Inside.

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _write_down(self, pcm: bytes, language: str, before: asyncio.Task[None] | None) -> None:
        try:
            words = await self._scribe.transcribe(pcm, self._heard.rate, language)
            if before is not None:
                await asyncio.wait([before])  # a short answer is written down sooner than the long one before
        except SpeechError as error:
            self._fault(str(error))
        except Exception:
            _log.exception("a speech provider failed by a fault of ours")
            self._fault("the speech provider failed")
        else:
            if words.strip():
                self._prompted(words.strip())

    async def _speak_all(self) -> None:
        while not self._texts.empty():
            text = self._texts.get_nowait()
            if isinstance(text, Finish):
                self._finished(text.reason)
                continue
            epoch = self._epoch
            try:
                speech = await self._voice.speak(text.text, text.voice)
                audio = await asyncio.to_thread(_at_rate, speech.pcm, speech.sample_rate, self._spoken.rate)
            except SpeechError as error:
                self._fault(str(error))
                continue
            except Exception:
                _log.exception("a speech provider failed by a fault of ours")
                self._fault("the speech provider failed")
                continue
            if epoch == self._epoch:
                self._spoke(text.item, audio, len(audio) * 500 // self._spoken.rate)


def _at_rate(pcm: bytes, rate: int, wanted: int) -> bytes:
    """PCM16 at another rate."""
    if rate == wanted:
        return pcm
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2")
    return np.asarray(soxr.resample(samples, rate, wanted), "<i2").tobytes()

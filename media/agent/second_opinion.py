"""A neural network's word on whether a caller has begun to speak, for agents that ask for it.

::

    hear(rows) ─▶ windows of 32 ms ─▶ one batch ─▶ a judge (a thread of its own) ─▶ answers, a tick later
    started(slot) ─ the judge heard a voice lately ─────────────────▶ speech
       └▶ WAITING ─ it hears one now ───────────────────────────────▶ speech
             ├ `PATIENCE` is over and it has not answered lately ───▶ speech (the gate's word stands)
             └ the caller has stopped ──────────────────────────────▶ nothing was said

The voice activity of `media.dsp.vad` decides when there is something to judge, so the tick waits for nobody.
"""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.agent.lane import Rows
from media.frame import FRAME_SAMPLES, Mask, Pcm
from media.gauges import VoiceGauges

WINDOW: Final = 256
"New samples of one question: 32 ms at 8 kHz."
CONTEXT: Final = 32
"Samples before them that Silero (5 and later) wants to see again."
ENOUGH: Final = 0.25
"""Probability of a voice: less than Silero's usual 0.5, since the gate has found one already, and a window
that is not sure costs 32 ms (tuned by `tests.bench.voice --silero` on seed 1)."""
RECENT: Final = 0.2
"A voice heard so long before the gate's word is the one that the gate means [s]."
PATIENCE: Final = 0.04
"So long the gate's word waits for a judge who is late [s]."
LATE: Final = 0.12
"A judge whose newest answer is about sound older than this is late: 32 ms, two ticks and some more [s]."
_NEVER: Final = -1e9
_REST: Final = FRAME_SAMPLES - 1
"Samples that may be left behind a window, at most."


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions about different slots."""

    slots: Rows
    lives: NDArray[np.int64]
    "Which user of the slot is meant."
    fresh: Mask
    "The first window of a life."
    windows: NDArray[np.float32]
    "Shape (k, CONTEXT + WINDOW), -1 to 1."
    at: float
    "When the last sample arrived [s]."


@dataclass(frozen=True, slots=True)
class Answer:
    batch: Batch
    probability: NDArray[np.float32]
    "Of a voice, one for each slot of the batch."


class Judges(Protocol):
    def ask(self, batch: Batch) -> bool:
        """Never waits; False when too much is waiting already."""

    def answers(self) -> Iterable[Answer]:
        """Those that came since the last call."""

    def close(self) -> None: ...


class SecondOpinion:
    """
    Args:
        judge: makes the judge when the first agent asks.
    """

    def __init__(self, slots: int, judge: Callable[[], Judges]) -> None:
        self._make = judge
        self._judge: Judges | None = None
        self._asks = np.zeros(slots, np.bool_)
        self._count = 0  # of slots that ask
        self._lives = np.zeros(slots, np.int64)
        self._fresh = np.ones(slots, np.bool_)
        self._sound = np.zeros((0, 0), np.float32)  # context, then what is not judged yet
        self._filled = np.zeros(slots, np.intp)
        self._agreed = np.full(slots, _NEVER)  # when the latest sound arrived that was judged a voice
        self._answered = np.full(slots, _NEVER)  # the same of any that was judged
        self._waiting: dict[int, float] = {}  # since when, by slot
        self.vetoed = self.late = self.dropped = 0
        "As in `VoiceGauges`."

    def begin(self, slot: int) -> None:
        """The slot's agent asks for it; what was known about the slot is forgotten."""
        if self._judge is None:
            self._judge = self._make()
            # Memory for it only where somebody asks.
            self._sound = np.zeros((len(self._asks), CONTEXT + WINDOW + _REST), np.float32)
        self.end(slot)
        self._asks[slot] = self._fresh[slot] = True
        self._count += 1
        self._lives[slot] += 1
        self._sound[slot], self._filled[slot] = 0.0, 0
        self._agreed[slot] = self._answered[slot] = _NEVER

    def end(self, slot: int) -> None:
        """Nobody asks about the slot."""
        if self._asks[slot]:
            self._asks[slot] = False
            self._count -= 1
            self._waiting.pop(slot, None)

    def close(self) -> None:
        if self._judge is not None:
            self._judge.close()

    def hear(self, rows: Rows, pcm: Pcm, now: float) -> list[int]:
        """Take 20 ms of the callers in `rows`, (k, 160) at 8 kHz; returns slots that have begun to speak."""
        if not self._count or self._judge is None:
            return []
        self._collect(self._judge)
        mine = self._asks[rows]
        if mine.any():
            self._ask(self._judge, rows[mine], pcm[mine], now)
        return [slot for slot in rows.tolist() if self._settled(slot, now)] if self._waiting else []

    def started(self, slot: int, now: float) -> bool:
        """The gate says that the caller speaks; False: it may be told later by `hear`, or never."""
        if not self._asks[slot] or self._agreed[slot] >= now - RECENT:
            return True
        self._waiting[slot] = now
        return False

    def stopped(self, slot: int) -> bool:
        """The gate says that the caller has stopped; False: it was no speech."""
        if self._waiting.pop(slot, None) is None:
            return True
        self.vetoed += 1
        return False

    def gauges(self) -> VoiceGauges:
        return VoiceGauges(self.vetoed, self.late, self.dropped)

    def _settled(self, slot: int, now: float) -> bool:
        since = self._waiting.get(slot)
        if since is None:
            return False
        agrees = bool(self._agreed[slot] >= since - RECENT)
        late = now - since >= PATIENCE - 1e-6 and bool(self._answered[slot] < now - LATE)
        if agrees or late:
            del self._waiting[slot]
            self.late += not agrees
        return agrees or late

    def _collect(self, judge: Judges) -> None:
        for answer in judge.answers():
            batch = answer.batch
            valid = self._asks[batch.slots] & (self._lives[batch.slots] == batch.lives)
            self._answered[batch.slots[valid]] = batch.at
            self._agreed[batch.slots[valid & (answer.probability >= ENOUGH)]] = batch.at

    def _ask(self, judge: Judges, slots: Rows, pcm: Pcm, now: float) -> None:
        filled = self._filled[slots]
        places = (CONTEXT + filled)[:, None] + np.arange(FRAME_SAMPLES)
        self._sound[slots[:, None], places] = pcm * np.float32(1 / 32768)
        filled += FRAME_SAMPLES
        full = filled >= WINDOW
        self._filled[slots] = filled - WINDOW * full
        ready = slots[full]
        if not len(ready):
            return
        sound = self._sound[ready]
        self._sound[ready, : CONTEXT + _REST] = sound[:, WINDOW:]
        windows = sound[:, : CONTEXT + WINDOW]
        if judge.ask(Batch(ready, self._lives[ready], self._fresh[ready], windows, now)):
            self._fresh[ready] = False
        else:
            self.dropped += len(ready)

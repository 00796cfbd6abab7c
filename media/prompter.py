"""Prompts and tones on legs: from a path to companded frames in a leg's queue.

A prompt in memory is queued at once; one that must be read is loaded by a task given to `spawn`,
while the leg goes on hearing what it heard.
"""

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final, Protocol

import numpy as np

from media.codec.table import LAWS
from media.dsp.tone import Frequencies, cadence
from media.leg import Leg, LegTable
from media.playback import Item, Over
from media.port import Event, PausePlay, Play, Played, SeekPlay, StopPlay, Tone
from media.prompt import Prompt, PromptError
from media.track import Track

TONES: Final = 64
"Kept in memory, the latest ones."


class Prompts(Protocol):
    """What is used of `PromptStore`."""

    def cached(self, path: str) -> Prompt | None: ...
    async def load(self, path: str) -> Prompt: ...


class Prompter:
    def __init__(
        self,
        table: LegTable,
        prompts: Prompts,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        emit: Callable[[Event], None],
    ) -> None:
        self._table = table
        self._prompts = prompts
        self._spawn = spawn
        self._emit = emit

    def execute(self, leg: Leg, command: Play | Tone | PausePlay | SeekPlay | StopPlay) -> None:
        match command:
            case Play(play=name, path=path, loop=loop):
                self._play(leg, name, path, loop)
            case Tone():
                self._tone(leg, command)
            case PausePlay(paused=paused, play=play):
                self._settle(leg, leg.playback.pause(play, paused))
            case SeekPlay(milliseconds=milliseconds, relative=relative, play=play):
                self._settle(leg, leg.playback.seek(play, milliseconds, relative=relative))
            case StopPlay(play=play):
                self._settle(leg, leg.playback.stop(play))

    # Inside.

    def _play(self, leg: Leg, play: str, path: str, loop: bool) -> None:
        item = leg.playback.queue(play, loop=loop)
        if item is None:
            self._emit(Played(leg.id, play, 0, finished=False, error="too many prompts are waiting"))
            return
        prompt = self._prompts.cached(path)
        if prompt is None:
            self._spawn(self._load(leg, item, path))
        else:
            self._settle(leg, leg.playback.load(item, prompt.track))

    async def _load(self, leg: Leg, item: Item, path: str) -> None:
        try:
            prompt = await self._prompts.load(path)
        except PromptError as error:
            self._settle(leg, leg.playback.drop(item, str(error)))
            return
        # The leg may have gone meanwhile, and its slot may be another's.
        if self._table.find(leg.id) is leg:
            self._settle(leg, leg.playback.load(item, prompt.track))

    def _tone(self, leg: Leg, command: Tone) -> None:
        item = leg.playback.queue(command.play, loop=True)
        if item is None:
            self._emit(Played(leg.id, command.play, 0, finished=False, error="too many prompts are waiting"))
            return
        self._settle(
            leg, leg.playback.load(item, sounded(command.frequencies, command.cadence, command.bursts))
        )

    def _settle(self, leg: Leg, played: list[Over]) -> None:
        for event in played:
            self._emit(event)
        if self._table.find(leg.id) is leg:
            self._table.changed()


@lru_cache(maxsize=TONES)
def sounded(
    frequencies: Frequencies, pattern: tuple[tuple[float, float], ...], bursts: tuple[Frequencies, ...]
) -> Track:
    """A tone of `media.port.Tone`, made once for all that hear it."""
    bits = cadence(frequencies, pattern, bursts).view(np.uint16)
    return Track([law.from_linear[bits] for law in LAWS], bits.size)

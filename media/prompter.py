"""Prompts and tones on legs: from a path to companded frames in a leg's queue.

A prompt in memory is queued at once; one that must be read is loaded by a task given to `spawn`,
while the leg goes on hearing what it heard.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import numpy as np

from media.codec.table import LAWS
from media.dsp.tone import cadence
from media.leg import Leg, LegTable
from media.playback import Item
from media.port import Event, Played, Tone
from media.prompt import Prompt, PromptError


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

    def stop(self, leg: Leg, play: str | None) -> None:
        """Stop one playback by name, or all of the leg."""
        self._settle(leg, leg.playback.stop(play))

    def play(self, leg: Leg, play: str, path: str, loop: bool) -> None:
        item = leg.playback.queue(play, loop=loop)
        if item is None:
            self._emit(Played(leg.id, play, 0, finished=False, error="too many prompts are waiting"))
            return
        prompt = self._prompts.cached(path)
        if prompt is None:
            self._spawn(self._load(leg, item, path))
        else:
            self._loaded(leg, item, _companded(prompt))

    async def _load(self, leg: Leg, item: Item, path: str) -> None:
        try:
            prompt = await self._prompts.load(path)
        except PromptError as error:
            self._settle(leg, leg.playback.drop(item, str(error)))
            return
        # The leg may have gone meanwhile, and its slot may be another's.
        if self._table.find(leg.id) is leg:
            self._loaded(leg, item, _companded(prompt))

    def tone(self, leg: Leg, command: Tone) -> None:
        item = leg.playback.queue(command.play, loop=True)
        if item is None:
            self._emit(Played(leg.id, command.play, 0, finished=False, error="too many prompts are waiting"))
            return
        pcm = cadence(command.frequencies, command.cadence)
        bits = np.ascontiguousarray(pcm).view(np.uint16)
        self._loaded(leg, item, tuple(law.from_linear[bits].data.cast("B") for law in LAWS))

    def _loaded(self, leg: Leg, item: Item, frames: tuple[memoryview, ...]) -> None:
        item.frames = frames
        self._settle(leg, leg.playback.pass_empty())

    def _settle(self, leg: Leg, played: list[Played]) -> None:
        for event in played:
            self._emit(event)
        if self._table.find(leg.id) is leg:
            self._table.columns.playing[leg.slot] = leg.playback.is_audible()
            self._table.changed()


def _companded(prompt: Prompt) -> tuple[memoryview, ...]:
    return (prompt.ulaw.data.cast("B"), prompt.alaw.data.cast("B"))

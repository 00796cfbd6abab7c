"""What flows need while calls run: prompts made ahead, questions answered, a reload that changes no call."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

import structlog

from config.schema import FlowLimits
from controlplane.provider.http import HttpClient
from controlplane.service.flow import FlowLibrary
from controlplane.service.question import Answers
from controlplane.service.speech import Chooses, SpokenTexts
from controlplane.service.system_prompt import ALWAYS, SystemPrompts
from edge.flow.command import Fetch
from edge.question import Reply

_log = structlog.get_logger(__name__)


class Saves(Protocol):
    """What is used of `media.tts.Speaker`."""

    async def save(self, path: Path, text: str, voice: str = ...) -> None: ...


class CallFlows:
    def __init__(
        self,
        library: FlowLibrary,
        prompts: SystemPrompts,
        folder: Path,
        limits: FlowLimits,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """Args: folder: absolute; where spoken texts are kept."""
        self.library = library
        self.speech = SpokenTexts(folder, limits.spoken)
        self.http = HttpClient(limits)
        self.answers = Answers(self.speech, self.http)
        self.prompted = asyncio.Event()
        "Set once every prompt of ours that some flow plays is there, or cannot be made."
        self._prompts = prompts
        self._spawn = spawn
        self._speaker: Saves | None = None
        self._making: asyncio.Task[None] | None = None

    def open(self, speaker: Saves, providers: Chooses | None = None) -> None:
        """Begin to make, in the background, what the flows play."""
        self._speaker = speaker
        self.speech.open(speaker, providers)
        for warning in self.library.warnings:
            _log.warning("flow", finding=str(warning))
        self._making = self._spawn(self._make())

    def reload(self) -> str:
        """Read the flows again; why some were not taken, empty when all were."""
        problems = self.library.reload()
        for problem in problems:
            _log.error("flow refused", problem=str(problem))
        if self._speaker is not None:
            self._stop()
            self._making = self._spawn(self._make())
        return "; ".join(map(str, problems))

    async def fetch(self, wanted: Fetch) -> Reply:
        """What came of a request to a URL of the operator's own."""
        return await self.http.fetch(wanted, trusted=True)

    async def close(self) -> None:
        self._stop()
        await self.http.close()

    async def _make(self) -> None:
        assert self._speaker is not None, "nothing is made before open"
        await self._prompts.make(self._speaker, ALWAYS | set(self.library.names()))
        self.prompted.set()
        await self.speech.make(self.library.texts())

    def _stop(self) -> None:
        if self._making is not None:
            self._making.cancel()

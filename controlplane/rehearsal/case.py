"""What a case of the conformance kit is, and how it ends."""

import enum
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from controlplane.rehearsal.stage import Caller, Pcm, Stage
from media import port

GREETS_WITHIN: Final = 6.0
ANSWERS_WITHIN: Final = 10.0
"[s]"


class Verdict(enum.StrEnum):
    PASS = "pass"
    FAIL = "fail"
    SKIP = "n/a"


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    shows: str
    verdict: Verdict
    detail: str
    seconds: float


class Failed(Exception):
    """The agent does not do what the case wants."""


class Skipped(Exception):
    """The case does not apply to this agent or dialect."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """What callers say and what is heard around them: int16 at 8 kHz."""

    speech: Pcm
    noise: Pcm
    music: Pcm
    cough: Pcm


class Room:
    """What a case works with: an agent to call, and callers."""

    def __init__(self, stage: Stage, spec: port.AgentSpec, sounds: Sounds, name: str) -> None:
        self.stage = stage
        self.spec = spec
        self.sounds = sounds
        self._name = name
        self._callers = 0

    @contextmanager
    def caller(self) -> Iterator[Caller]:
        """Somebody who has not dialled yet, and hangs up at the end."""
        self._callers += 1
        caller = self.stage.enter(f"{self._name}-{self._callers}")
        try:
            yield caller
        finally:
            self.stage.leave(caller)

    async def connect(
        self, caller: Caller, parameters: Mapping[str, str] | None = None, *, sample_rate: int | None = None
    ) -> None:
        spec = self.spec if sample_rate is None else replace(self.spec, sample_rate=sample_rate)
        caller.dial(spec, parameters or {})
        connected = await caller.until(
            lambda: caller.count(port.AgentConnected) or caller.failure, spec.connect_timeout + 1.0
        )
        if caller.failure or not connected:
            fail(caller.failure or "no connection")

    async def greeted(self, caller: Caller) -> float:
        """Connect and wait for the greeting [s]; an agent that only answers is asked."""
        await self.connect(caller)
        began = self.stage.now()
        if not await caller.spoken_to(GREETS_WITHIN):
            alive(caller)
            caller.speak(self.sounds.speech)
            if not await caller.spoken_to(ANSWERS_WITHIN):
                alive(caller)
                raise Skipped("the agent neither greets nor answers speech")
        return self.stage.now() - began


def fail(reason: str) -> NoReturn:
    raise Failed(reason)


def alive(caller: Caller) -> None:
    """The agent is still there."""
    if caller.failure:
        fail(caller.failure)


def sounds_of(speech: Pcm) -> Sounds:
    """The same in every run, but for the speech."""
    random = np.random.default_rng(20)
    time = np.arange(8_000) / 8_000
    chord = sum(np.sin(2 * np.pi * tone * time) for tone in (261.6, 329.6, 392.0))
    cough = random.normal(0, 6_000, 1_600) * np.exp(-np.arange(1_600) / 400)
    return Sounds(
        speech,
        _pcm(random.normal(0, 100, 16_000)),
        np.tile(_pcm(2_000 * np.asarray(chord)), 2),
        _pcm(cough),
    )


def _pcm(samples: NDArray[np.float64]) -> Pcm:
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)


Act = Callable[[Room], Awaitable[str]]
"Plays the case; returns what there is to say of it. Raises `Failed` or `Skipped`."


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    shows: str
    act: Act


def case(cases: list[Case], name: str, shows: str) -> Callable[[Act], Act]:
    """Adds the function below it to `cases`."""

    def add(act: Act) -> Act:
        cases.append(Case(name, shows, act))
        return act

    return add

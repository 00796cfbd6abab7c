"""Plays the cases against an agent, several at a time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from controlplane.rehearsal.case import Case, Failed, Outcome, Room, Skipped, Sounds, Verdict, sounds_of
from controlplane.rehearsal.stage import Stage
from media import port
from media.agent.voice import speak_all
from media.codec.g711 import ULAW_TO_LINEAR

SENTENCE: Final = "Hello, can you tell me your opening hours, please?"
LONGEST: Final = 60.0
"A case that takes longer has failed [s]."
CALLERS: Final = 2
"Of one case at one time."


async def speech() -> Sounds:
    """What the callers say, spoken offline."""
    spoken = (await speak_all(SENTENCE))[SENTENCE]
    return sounds_of(ULAW_TO_LINEAR[np.frombuffer(spoken, np.uint8)])


async def run(
    cases: Sequence[Case],
    stage: Stage,
    spec: port.AgentSpec,
    sounds: Sounds,
    jobs: int,
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """The outcomes in the order of `cases`; `report` gets each as it ends. The stage has `CALLERS` a job."""
    gate = asyncio.Semaphore(jobs)

    async def play(case: Case) -> Outcome:
        async with gate:
            began = stage.now()
            verdict, detail = await _play(case, Room(stage, spec, sounds, case.name))
            outcome = Outcome(case.name, case.shows, verdict, detail, stage.now() - began)
            report(outcome)
            return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(play(case)) for case in cases]
    return [task.result() for task in tasks]


async def _play(case: Case, room: Room) -> tuple[Verdict, str]:
    try:
        async with asyncio.timeout(LONGEST):
            return Verdict.PASS, await case.act(room)
    except Skipped as why:
        return Verdict.SKIP, str(why)
    except Failed as why:
        return Verdict.FAIL, str(why)
    except TimeoutError:
        return Verdict.FAIL, f"not over after {LONGEST:g} s"

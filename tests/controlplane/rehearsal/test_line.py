"""Cases of the line find what is wrong with it."""

from dataclasses import replace

import pytest

from controlplane.rehearsal.case import Failed, Room, Skipped
from controlplane.rehearsal.line import CASES
from tests.support.rehearsal import SOUNDS, SPEC, Agent, stage


class OneAtATime(Agent):
    living = 0

    def text(self, message: str) -> None:
        if '"start"' in message:
            OneAtATime.living += 1
            if OneAtATime.living > 1:
                self.listener.failed("closed", "busy")
                return
        super().text(message)


async def play(name: str, kind: type[Agent], dialect: str = "tandem") -> str:
    [case] = [case for case in CASES if case.name == name]
    async with stage(kind) as made:
        return await case.act(Room(made, replace(SPEC, dialect=dialect), SOUNDS, name))


async def test_an_agent_for_one_caller_fails_with_two() -> None:
    with pytest.raises(Failed, match="busy"):
        await play("two-calls", OneAtATime)


async def test_rates_are_heard_where_the_dialect_has_them() -> None:
    assert await play("rate-24k", Agent) == "heard"
    with pytest.raises(Skipped, match="own rate"):
        await play("rate-24k", Agent, "elevenlabs")

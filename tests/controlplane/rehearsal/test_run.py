"""Cases are played several at a time and reported as they end."""

from controlplane.rehearsal.case import Case, Failed, Outcome, Room, Skipped, Verdict
from controlplane.rehearsal.run import run
from tests.support.rehearsal import SOUNDS, SPEC, stage


async def passes(room: Room) -> str:
    return "well"


async def fails(room: Room) -> str:
    raise Failed("badly")


async def skips(room: Room) -> str:
    raise Skipped("not for it")


async def test_outcomes_are_in_order_and_told_as_they_come() -> None:
    told: list[Outcome] = []
    cases = [Case("a", "", passes), Case("b", "", fails), Case("c", "", skips)]
    async with stage() as made:
        outcomes = await run(cases, made, SPEC, SOUNDS, 2, told.append)
    assert [(outcome.verdict, outcome.detail) for outcome in outcomes] == [
        (Verdict.PASS, "well"),
        (Verdict.FAIL, "badly"),
        (Verdict.SKIP, "not for it"),
    ]
    assert sorted(outcome.name for outcome in told) == ["a", "b", "c"]

"""The whole kit: a good agent passes, a bad one does not."""

from controlplane.rehearsal.case import Outcome, Verdict
from controlplane.rehearsal.cases import CASES
from controlplane.rehearsal.run import run
from tests.support.rehearsal import SOUNDS, SPEC, Agent, Fragile, stage


async def outcomes(kind: type[Agent], *names: str) -> dict[str, Outcome]:
    cases = [case for case in CASES if not names or case.name in names]
    async with stage(kind) as made:
        return {outcome.name: outcome for outcome in await run(cases, made, SPEC, SOUNDS, 8, lambda _: None)}


def test_there_are_thirty_cases_and_more_each_with_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 30


async def test_a_good_agent_fails_nothing() -> None:
    played = await outcomes(Agent)
    assert not [outcome for outcome in played.values() if outcome.verdict is Verdict.FAIL]
    passed = sum(outcome.verdict is Verdict.PASS for outcome in played.values())
    assert passed >= 35, [outcome for outcome in played.values() if outcome.verdict is Verdict.SKIP]


async def test_a_fragile_agent_fails_where_it_breaks() -> None:
    played = await outcomes(Fragile, "key", "keys-quick", "strange-text", "noise", "connect")
    failed = {name for name, outcome in played.items() if outcome.verdict is Verdict.FAIL}
    assert failed == {"key", "keys-quick", "strange-text"}
    assert "what is dtmf?" in played["key"].detail

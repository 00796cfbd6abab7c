"""`tandem agent check`: what it is asked and what it says."""

import json

import click
import pytest
from click.testing import CliRunner

from controlplane.cli import agent
from controlplane.cli.command import main
from controlplane.rehearsal.case import Outcome, Verdict

OUTCOMES = [
    Outcome("connect", "it opens", Verdict.PASS, "12 ms", 0.5),
    Outcome("key", "keys", Verdict.FAIL, "closed: [bold]what?", 0.5),
]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*arguments: object) -> list[Outcome]:
        return OUTCOMES

    async def speech() -> None:
        return None

    monkeypatch.setattr(agent, "run", run)
    monkeypatch.setattr(agent, "speech", speech)


def test_an_agent_is_described_as_in_the_configuration() -> None:
    spec = agent.spec(
        "ws://h", "twilio", variant="telnyx", audio="", sample_rate=8000, headers=("Authorization: Bearer x",)
    )
    assert (spec.dialect, spec.options.variant) == ("twilio", "telnyx")
    assert spec.headers == (("Authorization", "Bearer x"),)


@pytest.mark.parametrize(("dialect", "headers"), [("morse", ()), ("tandem", ("nonsense",))])
def test_what_is_no_agent_is_bad_usage(dialect: str, headers: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        agent.spec("ws://h", dialect, variant="", audio="", sample_rate=8000, headers=headers)


@pytest.mark.usefixtures("played")
def test_a_failure_is_in_the_table_and_in_the_exit_status() -> None:
    result = CliRunner().invoke(main, ["agent", "check", "ws://127.0.0.1:1/"])
    assert result.exit_code == 1
    assert "1 passed, 1 failed" in result.output and "[bold]what?" in result.output


@pytest.mark.usefixtures("played")
def test_programs_get_json() -> None:
    result = CliRunner().invoke(main, ["agent", "check", "ws://127.0.0.1:1/", "--json"])
    told = json.loads(result.output)
    assert told["totals"] == {"pass": 1, "fail": 1, "skip": 0} and told["cases"][0]["detail"] == "12 ms"


def test_a_word_that_no_case_has_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["agent", "check", "ws://127.0.0.1:1/", "--only", "zebra"])
    assert result.exit_code == 2 and "barge-in" in result.output

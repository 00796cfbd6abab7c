"""What the softphone says when a call cannot even begin; calls that do are in tests/system."""

import json
import sys

import pytest

from controlplane.cli.call import run
from controlplane.observe import log
from edge.softphone.script import Plan


@pytest.mark.parametrize("target", ["tel:+12025550123", "sip:", "sip:1001@no such host", "9000", "sip:9000"])
def test_a_target_that_is_no_sip_address_is_refused(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(target, Plan(), user="", password="", json=False) == 1
    said = capsys.readouterr().out
    assert "tandem call:" in said and "write sip:" in said


@pytest.mark.parametrize(
    ("plan", "named"),
    [(Plan(play="/no/such.wav"), "no file"), (Plan(record="/no/such/heard.wav"), "no folder")],
)
def test_files_are_looked_at_before_anybody_is_rung(
    plan: Plan, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sip:1001@127.0.0.1:9", plan, user="", password="", json=False) == 1
    assert named in capsys.readouterr().out


def test_the_refusal_is_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tel:1", Plan(), user="", password="", json=True) == 1
    assert "error" in json.loads(capsys.readouterr().out)


def test_nobody_there_fails_with_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens at the port: the kernel says so at once."""
    log.set_up(level="ERROR", stream=sys.stderr)  # as the command does
    assert run("sip:1001@127.0.0.1:9", Plan(), user="", password="", json=True) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("what") for line in lines[:-1]] == ["trying", "failed"]
    assert lines[-1]["outcome"] == {"good": False, "status": 503, "detail": "Destination Unreachable"}

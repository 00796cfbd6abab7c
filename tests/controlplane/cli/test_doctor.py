"""`tandem doctor` (the list itself is proved in `tests/controlplane/doctor`)."""

import json
from pathlib import Path

import pytest

from controlplane.cli import doctor
from controlplane.doctor.finding import Finding, fail, ok, warn
from tests.support.operator import tandem


def findings(monkeypatch: pytest.MonkeyPatch, *found: Finding) -> None:
    monkeypatch.setattr(doctor, "examine", lambda settings, **_: list(found))


def test_every_check_has_a_verdict_and_a_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    findings(monkeypatch, ok("clock", "right"), warn("public address", "10.0.0.1 [private]", "set it"))
    result = tandem("doctor", "--data", str(tmp_path))
    assert result.exit_code == 0, "a warning is no failure"
    assert "ok    daemon          not running" in result.output
    assert "10.0.0.1 [private]" in result.output and "→ set it" in result.output


def test_a_failed_check_is_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    findings(monkeypatch, fail("database", "newer", "upgrade"))
    result = tandem("doctor", "--json", "--data", str(tmp_path))
    assert result.exit_code == 1
    answer = json.loads(result.output)
    assert answer["good"] is False
    assert answer["checks"][-1] == {"name": "database", "verdict": "fail", "found": "newer", "fix": "upgrade"}


def test_a_bad_configuration_is_the_first_finding(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("accounts: []\nx: 1\n")
    result = tandem("doctor", "--config", str(file))
    assert result.exit_code == 1 and "→ run tandem check-config" in result.output

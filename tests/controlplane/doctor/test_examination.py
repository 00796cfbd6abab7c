"""The list of checks."""

from typing import Any

import pytest

from config.schema import Settings
from controlplane.doctor import examination
from controlplane.doctor.finding import Finding, Verdict, ok


def settings() -> Settings:
    agents: dict[str, Any] = {"demo": {"dialect": "twilio", "url": "builtin:demo"}}
    return Settings.model_validate({"accounts": [{"id": "a", "domain": "d", "agents": agents}]})


def test_every_listener_and_every_agent_has_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(examination.checks(settings(), running=False)) == 17, "three of them for the SIP listeners"
    monkeypatch.setattr(examination, "checks", lambda settings, **_: [lambda: ok("one", "well")])
    assert [finding.name for finding in examination.examine(settings(), running=False)] == [
        "one",
        "agent a/demo",
    ]


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Finding:
        raise RuntimeError("a bug")

    monkeypatch.setattr(examination, "checks", lambda settings, **_: [broken])
    first = examination.examine(settings(), running=False)[0]
    assert first.verdict is Verdict.FAIL and "a bug" in first.found

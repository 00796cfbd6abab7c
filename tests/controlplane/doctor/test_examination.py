"""The list of checks."""

from pathlib import Path
from typing import Any

import pytest

from config.schema import Settings
from controlplane.doctor import examination
from controlplane.doctor.finding import Finding, Verdict, ok
from tests.support.authority import Authority


def settings() -> Settings:
    agents: dict[str, Any] = {"demo": {"dialect": "twilio", "url": "builtin:demo"}}
    return Settings.model_validate({"accounts": [{"id": "a", "domain": "d", "agents": agents}]})


def test_every_listener_and_every_agent_has_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(examination.checks(settings(), running=False)) == 18, "three of them for the SIP listeners"
    monkeypatch.setattr(examination, "checks", lambda settings, **_: [lambda: ok("one", "well")])
    assert [finding.name for finding in examination.examine(settings(), running=False)] == [
        "one",
        "agent a/demo",
    ]


def test_each_listener_of_tls_has_a_handshake_of_its_own(tmp_path: Path) -> None:
    sip = [{"transport": name, "port": 5061 + n} for n, name in enumerate(("tls", "wss", "udp"))]
    files = Authority(tmp_path).tls("server", "pbx.example.com", days=90)
    made = Settings.model_validate(
        {
            "listen": {"sip": sip, "tls": files.model_dump()},
            "accounts": [{"id": "a", "domain": "pbx.example.com"}],
        }
    )
    found = [f for check in examination.checks(made, running=False) if "TLS at" in (f := check()).name]
    assert [finding.name for finding in found] == ["TLS at tls 0.0.0.0:5061", "TLS at wss 0.0.0.0:5062"]
    assert all(finding.verdict is Verdict.OK for finding in found), found


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Finding:
        raise RuntimeError("a bug")

    monkeypatch.setattr(examination, "checks", lambda settings, **_: [broken])
    first = examination.examine(settings(), running=False)[0]
    assert first.verdict is Verdict.FAIL and "a bug" in first.found

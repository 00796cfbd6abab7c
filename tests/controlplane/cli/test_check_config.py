"""`tandem check-config` (design §6)."""

import json
from pathlib import Path

import pytest

from tests.support.authority import Authority
from tests.support.operator import tandem


def test_the_default_configuration_is_good() -> None:
    result = tandem("check-config")
    assert result.exit_code == 0
    assert (
        "acc_demo (demo.local): 2 users, 2 extensions, 0 dids, 0 trunks, 1 agent, 1 flow" in result.output
        and "good" in result.output
    )


def test_every_problem_has_its_line_on_stderr(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("accounts:\n  - {id: a, domain: d, users: [{number: 1001}], dds: []}\n")
    for words in (("check-config", str(file)), ("check-config", "--config", str(file))):
        result = tandem(*words)
        assert result.exit_code == 1 and result.stdout == ""
        lines = result.stderr.splitlines()
        assert lines[0].startswith(f"{file}:2: accounts[0].users[0].number: must be text")
        assert "did you mean dids?" in lines[1] and lines[2] == "2 problems"


def test_as_json(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("accounts:\n  - {id: a, domain: d, x: 1}\n")
    result = tandem("check-config", str(file), "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["line"], problem["path"], problem["what"]) == (2, "accounts[0].x", "unknown key")
    good = json.loads(tandem("check-config", "--json").stdout)
    assert good["good"] and good["accounts"][0]["users"] == 2


@pytest.mark.parametrize(("days", "said"), [(-1, "expired on"), (2, "renew it soon"), (60, "")])
def test_a_certificate_that_has_expired_is_noted(tmp_path: Path, days: int, said: str) -> None:
    tls = Authority(tmp_path).tls("s", "127.0.0.1", days=days)
    file = tmp_path / "tls.yaml"
    file.write_text(
        f"listen: {{tls: {{certificate: {tls.certificate}, key: {tls.key}}}}}\n"
        "accounts: [{id: acc_a, domain: a.example}]\n"
    )
    result = tandem("check-config", str(file))
    notes = [line for line in result.stdout.splitlines() if line.startswith("note: listen.tls: ")]
    assert result.exit_code == 0 and len(notes) == bool(said) and all(said in note for note in notes)


@pytest.mark.parametrize(
    ("did", "auth", "noted"),
    [
        ("", "username: c, password: p", True),
        (", strangers: no", "username: c, password: p", False),
        ("", "username: c, password: p, ip: [192.0.2.7]", False),
        ("", "ip: [192.0.2.7]", False),
    ],
)
def test_a_trunk_whose_password_is_never_asked_for_is_noted(
    tmp_path: Path, did: str, auth: str, noted: bool
) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        f"accounts: [{{id: a, domain: a.de, dids: [{{number: '12025550123', target: {{echo: true}}{did}}}],"
        f" trunks: [{{name: c, proxy: 'sip:c.example', auth: {{{auth}}}}}]}}]\n"
    )
    result = tandem("check-config", str(file))
    assert result.exit_code == 0 and ("note: accounts[0].trunks[0]: c is known by" in result.stdout) is noted


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    result = tandem("check-config", TANDEM_CONFIG=str(tmp_path / "missing.yaml"))
    assert result.exit_code == 1 and "cannot be read" in result.stderr


def test_what_a_flow_may_not_mean_is_said_and_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("nodes: {a: {kind: hangup}, b: {kind: hangup}}")
    file = tmp_path / "t.yaml"
    file.write_text("accounts:\n  - {id: a, domain: d, flows: {f: f.yaml}}\n")
    result = tandem("check-config", str(file))
    assert result.exit_code == 0 and "note: " in result.output and "no way leads to b" in result.output

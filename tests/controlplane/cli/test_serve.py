"""What an operator sees of `tandem serve`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import load
from config.schema import Settings
from controlplane.cli.serve import announce, run
from controlplane.daemon import Ready
from tests.controlplane.test_daemon import YAML
from tests.support.address import loopback
from tests.support.authority import Authority


def test_a_bad_configuration_is_told_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("accounts:\n  - {id: acc_a, domain: a.example, usrs: []}\n")
    assert run(file, tmp_path / "data", {}, json=False) == 1
    error = capsys.readouterr().err
    assert f"{file}:2" in error and "usrs" in error and "users" in error


def test_a_start_that_fails_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(YAML.format(data=tmp_path / "data", address=loopback(), port=5060, http=8080))
    (tmp_path / "data").write_text("a file")
    assert run(file, None, {}, json=False) == 1
    error = capsys.readouterr().err
    assert error.startswith("tandem: data folder") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "dialled"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("127.0.0.9", "127.0.0.9"), ("::1", "[::1]")],
)
def test_what_to_dial_leads_to_where_we_listen(
    address: str, dialled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    listen = f"listen: {{sip: [{{transport: udp, address: '{address}', port: 5070}}]}}"
    file.write_text(f"{listen}\naccounts: [{{id: acc_a, domain: a.example, users: [{{number: '1001'}}]}}]\n")
    announce(Ready(load(file, tmp_path / "data", {}), {("acc_a", "1001"): "sesame"}, 0), shown=True)
    said = capsys.readouterr().out
    assert f" call sip:*43@{dialled}:5070 --user 1001 --password sesame" in said


def test_what_to_type_runs_where_the_daemon_was_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("accounts: [{id: acc_a, domain: a.example, users: [{number: '1001'}]}]\n")
    ready = Ready(load(file, tmp_path / "data", {}), {("acc_a", "1001"): "sesame"}, 0)
    program = tmp_path / ".venv/bin/tandem"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setattr("sys.argv", [str(program), "serve"])
    monkeypatch.chdir(tmp_path)
    for path, typed in (("", ".venv/bin/tandem call "), (str(program.parent), "tandem call ")):
        monkeypatch.setenv("PATH", path)
        announce(ready, shown=True)
        assert capsys.readouterr().out.splitlines()[-1].startswith(f"  {typed}sip:")


def test_a_configuration_that_the_environment_names_is_not_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("accounts: [{id: acc_a, domain: a.example, users: [{number: '1001'}]}]\n")
    seen: list[bool] = []

    async def serve(settings: Settings, ready: Callable[[Ready], None], *rest: object) -> None:
        ready(Ready(settings, {}, 0))

    monkeypatch.setattr("controlplane.cli.serve.serve", serve)
    monkeypatch.setattr("controlplane.cli.serve.announce", lambda ready, *, shown: seen.append(shown))
    for path, environ in ((None, {"TANDEM_CONFIG": str(file)}), (file, {}), (None, {})):
        assert run(path, tmp_path / "data", environ, json=False) == 0
    assert seen == [False, False, True], "passwords are for the screen of who tries it out, not for a log"


def test_generated_passwords_are_found_and_not_shown_beside_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("accounts: [{id: acc_a, domain: a.example, users: [{number: '1001'}]}]\n")
    settings = load(file, tmp_path / "data", {})
    announce(Ready(settings, {("acc_a", "1001"): "sesame"}, 0), shown=False)
    said = capsys.readouterr().out
    assert str(tmp_path / "data" / "passwords.json") in said and "sesame" not in said
    announce(Ready(settings, {}, 0), shown=False)
    assert "passwords" not in capsys.readouterr().out


def test_a_certificate_that_has_expired_is_told_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tls.yaml"
    for days, said in ((-1, "expired on"), (2, "renew it soon"), (60, "")):
        tls = Authority(tmp_path).tls("s", "127.0.0.1", days=days)
        listen = f"listen: {{tls: {{certificate: {tls.certificate}, key: {tls.key}}}}}"
        file.write_text(f"{listen}\naccounts: [{{id: acc_a, domain: a.example}}]\n")
        announce(Ready(load(file, tmp_path / "data", {}), {}, 0), shown=False)
        out, error = capsys.readouterr()
        assert out.startswith("Tandem is ready") and said in error and error.count("\n") == bool(said)

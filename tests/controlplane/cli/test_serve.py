"""What an operator sees of `tandem serve`."""

from pathlib import Path

import pytest

from controlplane.cli.serve import run
from tests.controlplane.test_daemon import YAML
from tests.support.address import loopback


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

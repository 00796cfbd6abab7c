"""Asking a daemon that is not there."""

import json
import os
from pathlib import Path

import pytest

from controlplane.cli.desk import Desk


def test_without_a_daemon_it_is_one_line_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Desk(None, tmp_path, os.environ, json=False).ask("/keys", str) == 1
    assert "no daemon runs" in capsys.readouterr().err
    assert Desk(None, tmp_path, os.environ, json=True).ask("/keys", str) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "not_running"

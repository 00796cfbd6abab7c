"""Words of the commands."""

import pytest

from controlplane.cli import say


def test_lengths_read_like_a_clock() -> None:
    assert say.duration(1_000, 65_999) == "1:04"
    assert say.duration(0, 3_723_000) == "1:02:03"
    assert say.duration(None, 5) == say.duration(5, None) == "" and say.duration(9, 5) == "0:00"


def test_a_moment_has_its_milliseconds() -> None:
    assert say.moment(1_700_000_000_007).endswith(".007") and say.moment(None) == ""


def test_a_refusal_is_one_line_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert say.refuse("no", json=False) == 1
    assert capsys.readouterr().err == "tandem: no\n"
    assert say.refuse("no", json=True, code="c") == 1
    assert '"error": "c"' in capsys.readouterr().out

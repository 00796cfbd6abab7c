"""`scripts/bench --quick` works on the shipped daemon; nothing here judges its figures."""

import json
import sys
from pathlib import Path

import pytest

from tests.support.process import Child


@pytest.mark.timeout(180)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the load generator needs Linux")
def test_a_quick_run_measures_every_load(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", result]
    with Child(command, name="bench", env={"COLUMNS": "200"}) as bench:
        assert bench.wait(150.0) == 0, bench.report()
    rows = {row["load"]: row for row in json.loads(result.read_text())["rows"]}
    assert list(rows) == ["registration", "call", "route", "echo leg", "agent call"]
    assert rows["registration"]["count"] == rows["call"]["count"] == 200
    for row in rows.values():
        assert row["cpu_us"] > 0 and row["p50_ms"] < 1000
    assert rows["echo leg"]["rate"] == pytest.approx(20 * 50, rel=0.2)

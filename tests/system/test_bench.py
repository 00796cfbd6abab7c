"""`scripts/bench --quick` works on the shipped daemon; nothing here judges its figures."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench.rtpengine import decoded, encoded
from tests.support.process import Child

pytestmark = pytest.mark.alone

AUDIO = {
    "echo call": 15 * 50,
    "echo call, SRTP": 4 * 50,
    "bridged call": 10 * 100,
    "G.722 leg bridged to G.711": 4 * 100,
    "Opus leg bridged to G.711": 2 * 100,
    "agent call": 4 * 50,
}
"Packets a second that come back in a quick run."


@pytest.mark.timeout(660)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the load generator needs Linux")
def test_a_quick_run_measures_every_load(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", result]
    with Child(command, name="bench", env={"COLUMNS": "200"}) as bench:
        assert bench.wait(600.0) == 0, bench.report()
    rows = {row["load"]: row for row in json.loads(result.read_text())["rows"]}
    assert {"registration", "call", "call by TCP", "route", *AUDIO} < set(rows)
    assert rows["registration"]["count"] == rows["call"]["count"] == 200
    for row in rows.values():
        assert row["cpu_us"] > 0 and not (row["p50_ms"] or 0.0) >= 1000
    for name, packets in AUDIO.items():
        assert rows[name]["rate"] == pytest.approx(packets, rel=0.5), name


def test_what_rtpengine_is_told_is_bencode() -> None:
    """Keys are sorted; a description comes back as the bytes that it is, all else as text."""
    told = {
        "command": "offer",
        "sdp": b"v=0\r\n",
        "flags": ["port-latching"],
        "codec": {"mask": ["G722"]},
        "n": -7,
    }
    data = encoded(told)
    assert data == b"d5:codecd4:maskl4:G722ee7:command5:offer5:flagsl13:port-latchinge1:ni-7e3:sdp5:v=0\r\ne"
    assert decoded(data) == {**told, "flags": [b"port-latching"], "codec": {"mask": [b"G722"]}}
    for broken in (b"d3:sdp", b"i7", b"5:abc", b"i7ex", b""):
        with pytest.raises(ValueError):
            decoded(broken)

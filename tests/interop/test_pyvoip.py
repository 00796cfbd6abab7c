"""pyVoIP, unchanged, is a phone here: no qop, one branch for both rounds, made-up tags in ACKs."""

import json
from pathlib import Path

import pytest

from tests.support import pyvoip, wav
from tests.support.daemon import PASSWORDS, Daemon


def test_pyvoip_registers_calls_and_hears_itself(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        heard = pyvoip.call(
            tmp_path / "pyvoip",
            daemon.sip,
            "1001",
            PASSWORDS["1001"],
            "*43",
            speaks=wav.tone(440.0, 8.0),
            seconds=6.0,
        )
        code, printed = daemon.tandem("calls", "--json")
    assert wav.peak_frequency(wav.loudest(heard, 1.0)) == pytest.approx(440.0, abs=3.0)
    assert code == 0, printed
    (call,) = json.loads(printed)["ended"]
    assert call["disposition"] == "answered" and call["cause"] == "caller_hangup"

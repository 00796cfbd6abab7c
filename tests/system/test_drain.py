"""SIGTERM: no new calls, the live ones may end, then exit 0 (issue 2, faces)."""

import time
from pathlib import Path

import pytest

from tests.support.address import loopback
from tests.support.caller import CallFailed, Phone
from tests.support.daemon import PASSWORDS, Daemon


def test_a_live_call_goes_on_while_new_ones_are_refused(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon") as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
        Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"]) as other,
    ):
        call = phone.dial("*43")
        child = daemon.terminate()
        child.wait_for("draining")
        assert daemon.get("/readyz")[0] == 503
        with pytest.raises(CallFailed) as refused:
            other.dial("*43")
        assert refused.value.status == 503
        heard = len(call.heard)
        time.sleep(0.5)
        assert len(call.heard) - heard >= 20, "the live call has no audio any more"
        assert child.running
        assert call.hang_up().status == 200
        assert child.wait(10.0) == 0


def test_a_daemon_without_calls_ends_at_once(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        began = time.monotonic()
        assert daemon.terminate().wait(10.0) == 0
        assert time.monotonic() - began < 3.0

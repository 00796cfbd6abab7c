"""pjsua2 calls baresip through us (issue 2, must be shown 3)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.baresip import Baresip
from tests.support.daemon import Daemon
from tests.support.leftover import assert_quiet
from tests.support.phones import baresip, pjsua2
from tests.support.softphone import Softphone
from tests.support.wav import Signal


@contextmanager
def talking(tmp_path: Path) -> Iterator[tuple[Softphone, Baresip]]:
    """pjsua2 (1002, 620 Hz) has called baresip (1001, 440 Hz); afterwards nothing may stay behind."""
    with (
        Daemon(tmp_path / "daemon") as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 30.0), answers=True) as callee,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 5.0)) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        before = daemon.metrics()
        caller.dial(daemon.uri("1001"))
        callee.wait_event("CALL_ESTABLISHED")
        yield caller, callee
        assert_quiet(daemon, before)


def assert_hears(signal: Signal, frequency: float) -> None:
    heard = wav.loudest(signal, 1.0)
    assert wav.peak_frequency(heard) == pytest.approx(frequency, abs=2.0)
    assert wav.tone_level_db(heard, frequency) == pytest.approx(-12.0, abs=1.0)


def test_each_side_hears_the_other_and_the_caller_hangs_up(tmp_path: Path) -> None:
    with talking(tmp_path) as (caller, callee):
        time.sleep(3.0)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        assert_hears(callee.heard(), 620.0)
        assert_hears(caller.heard(), 440.0)


def test_the_callee_hangs_up_and_the_caller_is_told(tmp_path: Path) -> None:
    with talking(tmp_path) as (caller, callee):
        time.sleep(1.5)
        callee.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")


def test_digits_cross_the_bridge_once_each(tmp_path: Path) -> None:
    """RFC 4733 events of one leg are sent anew on the other."""
    with talking(tmp_path) as (caller, callee):
        time.sleep(1.0)
        caller.press("1")
        time.sleep(0.5)
        caller.press("0")
        time.sleep(1.0)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        pressed = [event["param"] for event in callee.events if event.get("type") == "CALL_DTMF_START"]
        assert pressed == ["1", "0"]

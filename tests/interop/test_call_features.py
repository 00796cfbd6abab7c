"""Hold with music, transfer, presence and waiting messages, as pjsua2 and baresip see them."""

import time
from pathlib import Path

import numpy as np
import pytest

from tests.support import wav
from tests.support.baresip import Baresip
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.phones import baresip, pjsua2
from tests.support.sipp import sipp
from tests.support.softphone import Softphone
from tests.support.wav import Signal


def share_near(signal: Signal, frequency: float) -> float:
    """Of the energy, what lies within 10 Hz of `frequency`."""
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    hertz = np.fft.rfftfreq(len(signal), 1 / 8000)
    return float(spectrum[np.abs(hertz - frequency) < 10].sum() / max(spectrum.sum(), 1e-9))


def pair(tmp_path: Path, daemon: Daemon) -> tuple[Softphone, Baresip]:
    """pjsua2 (1002) says 620 Hz, baresip (1001) 440 Hz and answers by itself."""
    callee = baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 30.0), answers=True)
    caller = pjsua2(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 5.0))
    return caller, callee


def test_a_held_phone_hears_our_tune_and_then_the_other_again(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        caller, callee = pair(tmp_path, daemon)
        with callee, caller:
            callee.wait_registered()
            caller.wait_registered()
            caller.dial(daemon.uri("1001"))
            time.sleep(1.0)
            caller.say("hold")
            time.sleep(3.0)
            caller.say("resume")
            time.sleep(2.0)
            caller.hang_up()
            caller.wait_ended()
            callee.wait_event("CALL_CLOSED")
            time.sleep(0.3)
            heard = callee.heard()
    seconds = [heard[start : start + 4000] for start in range(0, len(heard) - 4000, 4000)]
    loud = [half for half in seconds if np.abs(half).max() > 0.01 * np.abs(heard).max()]
    tone = [share_near(half, 620.0) > 0.8 for half in loud]
    assert tone[0] and tone[-1], "the caller is heard before and after"
    assert tone.count(False) >= 3, "the tune is heard between"


def test_a_blind_transfer_leaves_the_partner_with_the_target(tmp_path: Path) -> None:
    """RFC 5589 §6: baresip is sent to the echo and hears itself."""
    with Daemon(tmp_path / "daemon") as daemon:
        caller, callee = pair(tmp_path, daemon)
        with callee, caller:
            callee.wait_registered()
            caller.wait_registered()
            caller.dial(daemon.uri("1001"))
            time.sleep(0.5)
            caller.say(f"transfer {daemon.uri('*43')}")
            caller.wait_event('"transfer", "status": 200')
            caller.wait_ended()
            time.sleep(2.0)
            assert callee.count("CALL_CLOSED") == 0
            callee.hang_up()
            callee.wait_event("CALL_CLOSED")
            time.sleep(0.3)
            heard = callee.heard()
    assert wav.peak_frequency(wav.loudest(heard[-12_000:], 1.0)) == pytest.approx(440.0, abs=2.0)


def test_a_transfer_to_nobody_leaves_the_call_as_it_was(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        caller, callee = pair(tmp_path, daemon)
        with callee, caller:
            callee.wait_registered()
            caller.wait_registered()
            caller.dial(daemon.uri("1001"))
            caller.say(f"transfer {daemon.uri('7777777')}")
            caller.wait_event('"transfer", "status": 4')
            time.sleep(0.5)
            assert callee.count("CALL_CLOSED") == 0
            caller.hang_up()
            callee.wait_event("CALL_CLOSED")


def test_waiting_messages_are_asked_for_and_told(tmp_path: Path) -> None:
    """RFC 3842."""
    with (
        Daemon(tmp_path / "daemon") as daemon,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 1.0), waiting=True) as phone,
    ):
        phone.wait_registered()
        phone.wait_event("Messages-Waiting: no")


def test_a_watcher_sees_who_is_there_who_talks_and_who_has_gone(tmp_path: Path) -> None:
    """RFC 3856, RFC 3863: pjsua2 follows 1001, which registers, calls the echo, hangs up and signs off."""
    with (
        Daemon(tmp_path / "daemon") as daemon,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.silence(1.0), watches="1001") as watcher,
    ):
        watcher.wait_registered()
        watcher.wait_event('"state": "ACTIVE", "online": false')
        with baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 30.0)) as watched:
            watched.wait_registered()
            watcher.wait_event('"online": true, "text": "Available"')
            watched.dial(daemon.uri("*43"))
            watcher.wait_event('"online": true, "text": "On the phone"')
            seen = len(watcher.child.lines)
            watched.hang_up()
            watcher.wait_event('"online": true, "text": "Available"', after=seen)
            seen = len(watcher.child.lines)
        watcher.wait_event('"online": false', 30.0, after=seen)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_phone_that_requires_prack_calls_and_is_called(tmp_path: Path, side: str) -> None:
    """RFC 3262, in either role of ours."""
    with Daemon(tmp_path / "daemon") as daemon:
        phone = pjsua2(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 5.0), answers=True, prack=True)
        other = baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 30.0), answers=True)
        with other, phone:
            other.wait_registered()
            phone.wait_registered()
            if side == "caller":
                phone.dial(daemon.uri("1001"))
            else:
                other.dial(daemon.uri("1002"))
                phone.wait_call()
            time.sleep(1.5)
            other.hang_up()
            phone.wait_ended()
            heard = phone.heard()
    assert wav.peak_frequency(wav.loudest(heard, 1.0)) == pytest.approx(440.0, abs=2.0)


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_sipp_is_told_of_a_forward(tmp_path: Path, transport: str) -> None:
    """181, then the target's answer."""
    users = [
        {"number": "1001", "devices": [{"username": "1001", "password": PASSWORDS["1001"]}]},
        {"number": "1002", "forward": {"unreachable": "*43"}},
    ]
    with Daemon(tmp_path / "daemon", account={"users": users}) as daemon:
        sipp(
            tmp_path / "sipp",
            "forwarded",
            daemon.sip,
            user="1001",
            password=PASSWORDS["1001"],
            number="1002",
            transport=transport,
        )


def test_sipp_transfers_baresip_and_hears_of_it(tmp_path: Path) -> None:
    """202, NOTIFY 100, NOTIFY 200, BYE: on the wire, in this order.

    By UDP alone: sipp takes a BYE for unexpected that comes in one segment with the NOTIFY before it.
    """
    with (
        Daemon(tmp_path / "daemon") as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 10.0), answers=True) as callee,
    ):
        callee.wait_registered()
        sipp(
            tmp_path / "sipp",
            "transfer",
            daemon.sip,
            user="1002",
            password=PASSWORDS["1002"],
            number="1001",
            hold_ms=300,
        )
        assert callee.count("CALL_CLOSED") == 0
        callee.hang_up()
        callee.wait_event("CALL_CLOSED")

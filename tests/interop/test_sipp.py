"""sipp registers and calls (issue 2, must be shown 1)."""

import json
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.ear import Ear
from tests.support.leftover import assert_no_timer, assert_quiet, open_sockets
from tests.support.process import wait_until
from tests.support.scenario import AUDIO, calling
from tests.support.sipp import Sipp, sipp

T1 = 0.5
CAPTURED = Path("/usr/share/sip-tester")
"Speech in A-law, 30 ms a packet, and a file for each key; all keys have one SSRC, which is not the speech's."
DEMO = {
    "extensions": [{"number": "9000", "target": {"agent": "demo"}}],
    "agents": {"demo": {"dialect": "twilio", "url": "builtin:demo"}},
}


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_registers_with_digest(tmp_path: Path, transport: str) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        sipp(
            tmp_path / "sipp",
            "register",
            daemon.sip,
            user="1001",
            password=PASSWORDS["1001"],
            transport=transport,
        )


def test_a_wrong_password_registers_nobody(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon, pytest.raises(AssertionError, match="exit status 1"):
        sipp(tmp_path / "sipp", "register", daemon.sip, user="1001", password="guessed", timeout=10)


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_hears_itself_at_the_echo(tmp_path: Path, transport: str) -> None:
    """sipp signals, a socket of ours is its ear and mouth: sipp 3.6.1 cannot judge what it hears."""
    with Daemon(tmp_path / "daemon") as daemon, Ear() as ear:
        ear.say(wav.tone(700.0, 2.0))
        sipp(
            tmp_path / "sipp",
            "call",
            daemon.sip,
            user="1001",
            password=PASSWORDS["1001"],
            number="*43",
            hold_ms=3000,
            transport=transport,
            media=ear.address,
        )
        heard = wav.loudest(ear.signal(), 1.0)
    assert wav.peak_frequency(heard) == pytest.approx(700.0, abs=2.0)
    assert wav.tone_level_db(heard, 700.0) == pytest.approx(-12.0, abs=1.0)


def test_hears_the_demo_agent(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=DEMO) as daemon, Ear() as ear:
        sipp(
            tmp_path / "sipp",
            "call",
            daemon.sip,
            user="1001",
            password=PASSWORDS["1001"],
            number="9000",
            hold_ms=4000,
            media=ear.address,
        )
        assert wav.voiced_seconds(ear.signal()) > 1.0


@pytest.mark.alone
@pytest.mark.timeout(180)
def test_500_calls_in_a_row_leave_nothing_behind(tmp_path: Path) -> None:
    """No leg, no port, no task at once; no timer after 64·T1 (RFC 3261 §17)."""
    with Daemon(tmp_path / "daemon", account=DEMO) as daemon:
        for number, calls in (("*43", 1), ("9000", 1), ("*43", 400), ("9000", 100)):
            if calls == 400:  # the first two have started whatever starts once
                before, sockets = daemon.metrics(), open_sockets(daemon)
            sipp(
                tmp_path / f"{number.strip('*')}-{calls}",
                "call",
                daemon.sip,
                user="1001",
                password=PASSWORDS["1001"],
                number=number,
                calls=calls,
                rate=40,
                hold_ms=200,
            )
        assert_quiet(daemon, before)
        # An agent's socket is closed by both sides in turn.
        wait_until(lambda: open_sockets(daemon) <= sockets, 5.0, what="every socket is closed")
        assert_no_timer(daemon, timeout=64 * T1 + 3.0)


def test_keys_out_of_its_files_are_each_heard_as_often_as_they_are_played(tmp_path: Path) -> None:
    """Whoever plays a file twice sends the same timestamps again (RFC 4733 §2.5.1.2)."""
    if not CAPTURED.is_dir():
        pytest.skip("sipp's captured packets are not installed (apt install sip-tester)")
    scenario = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(200).ack().pause(300)
    scenario.play(CAPTURED / "g711a.pcap").pause(1500)
    for key in ("1", "1", "9", "2", "pound"):
        scenario.play(CAPTURED / f"dtmf_2833_{key}.pcap").pause(800)
    scenario.play(CAPTURED / "g711a.pcap").pause(1500).request("BYE").expect(200)
    with Daemon(tmp_path / "daemon") as daemon:
        caller = Sipp(
            tmp_path / "sipp", scenario, daemon.sip, number="*43", user="1001", password=PASSWORDS["1001"]
        )
        with caller:
            caller.done()
        _, text = daemon.tandem("calls", "--json")
        (row,) = json.loads(text)["ended"]
        trace = daemon.trace(row["id"])
    assert "".join(event["data"]["digit"] for event in trace if event["event"] == "Digit") == "1192#"
    assert not [event for event in trace if event["event"] == "NoAudio"]

"""Home Assistant's voip-utils, unchanged, at a trunk known by its address: Opus, and requests of RFC 2543."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import wav
from tests.support.address import SIP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.process import wait_until
from tests.support.voip_utils import RATE, HomeAssistant

ECHO, DESK = "12025550100", "12025550101"


@pytest.fixture
def home() -> str:
    return loopback()


@pytest.fixture
def daemon(tmp_path: Path, home: str) -> Iterator[Daemon]:
    account = {
        "trunks": [
            {
                "name": "home",
                "proxy": f"sip:{home}:{SIP_PORT}",
                "auth": {"ip": [home]},
                "codecs": ["opus", "pcmu"],
                "number_format": "e164",
                "default": True,
            }
        ],
        "dids": [
            {"number": ECHO, "target": {"extension": "*43"}},
            {"number": DESK, "target": {"user": "1002"}},
        ],
        "routes": [{"prefix": "1415", "trunks": ["home"]}],
        "fraud": {"country": "1"},
    }
    with Daemon(tmp_path / "daemon", account=account) as made:
        yield made


def ended(daemon: Daemon) -> dict[str, Any]:
    code, printed = daemon.tandem("calls", "--json")
    assert code == 0, printed
    (call,) = json.loads(printed)["ended"]
    found: dict[str, Any] = call
    return found


def peak(heard: wav.Signal) -> float:
    return wav.peak_frequency(wav.loudest(heard, 1.0, rate=RATE), rate=RATE)


def test_it_calls_hears_itself_and_hangs_up(daemon: Daemon, home: str, tmp_path: Path) -> None:
    speaks = wav.tone(440.0, 8.0, rate=RATE)
    with HomeAssistant(tmp_path / "home", home, speaks=speaks, dials=daemon.uri(ECHO), seconds=4.0) as phone:
        assert peak(phone.heard()) == pytest.approx(440.0, abs=3.0)
        assert phone.child.count("^SIP/2.0 200 OK") == 2  # of INVITE and of BYE, once each
    call = ended(daemon)
    assert call["disposition"] == "answered" and call["cause"] == "caller_hangup"


def test_it_is_called_and_hears_who_hangs_up(daemon: Daemon, home: str, tmp_path: Path) -> None:
    with HomeAssistant(tmp_path / "home", home, speaks=wav.tone(440.0, 8.0, rate=RATE)) as phone:
        heard = tmp_path / "heard.wav"
        words = ["--user", "1001", "--password", PASSWORDS["1001"], "--seconds", "3"]
        speaks = str(wav.write(tmp_path / "620.wav", wav.tone(620.0, 3.0)))
        code, printed = daemon.tandem(
            "call", daemon.uri("+14155550100"), *words, "--play", speaks, "--record", str(heard)
        )
        assert code == 0, printed
        assert peak(phone.heard()) == pytest.approx(620.0, abs=3.0)
    signal, rate = wav.read(heard)
    assert wav.peak_frequency(wav.loudest(signal, 1.0, rate=rate), rate=rate) == pytest.approx(440.0, abs=3.0)
    assert ended(daemon)["cause"] == "caller_hangup"


def test_it_gives_up_while_a_phone_rings(daemon: Daemon, home: str, tmp_path: Path) -> None:
    """RFC 3261 §9.2, with a CANCEL that has no branch either."""
    with Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"]) as desk:
        desk.register()
        with HomeAssistant(
            tmp_path / "home", home, speaks=wav.silence(0.1), dials=daemon.uri(DESK), seconds=1.5
        ) as phone:
            desk.respond(desk.incoming.get(timeout=10.0), 180, "Ringing")
            phone.heard()
            assert phone.child.count("^SIP/2.0 487") >= 1  # its version 0.5 never acknowledges it
        wait_until(lambda: desk.requests[-1].method == "CANCEL", what="a CANCEL for the desk")
    assert ended(daemon)["disposition"] != "answered"

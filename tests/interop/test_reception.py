"""The reception of config/flows walked by real phones: keys in, prompts out, a message, its lamp."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import wav
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.ear import Ear
from tests.support.phones import baresip, pjsua2
from tests.support.process import wait_until
from tests.support.sipp import sipp
from tests.support.wav import Signal

RECEPTION = Path(__file__).parents[2] / "config/flows/reception.yaml"


def account(**more: Any) -> dict[str, Any]:
    return {
        "extensions": [{"number": "9001", "target": {"flow": "reception"}}],
        "flows": {"reception": str(RECEPTION)},
        "queues": {"people": {"members": [{"user": "1001"}], "auto_ready": True}},
        "agents": {"demo": {"dialect": "twilio", "url": "builtin:demo"}},
        "schedules": {"office": {"force": "open"}},
        **more,
    }


def message(folder: Path) -> Signal:
    (file,) = (folder / "daemon/data/media/acc_demo/vm").iterdir()
    assert file.suffix == ".wav", "no half-written file is left"
    return wav.read(file)[0]


def nodes(daemon: Daemon) -> list[str]:
    """Where the only call went."""
    status, text = daemon.tandem("calls", "--json")
    assert status == 0, text
    (row,) = json.loads(text)["ended"]
    found = [row["node_id"] for row in daemon.trace(row["id"]) if row["layer"] == "flow" and row["node_id"]]
    return list(dict.fromkeys(found))


def test_baresip_leaves_a_message_and_pjsua2_sees_its_lamp_and_hears_it(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=account()) as daemon:
        owner = pjsua2(tmp_path, daemon, "1001", speaks=wav.silence(1.0), waiting=True)
        caller = baresip(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 60.0))
        with owner, caller:
            owner.wait_registered()
            caller.wait_registered()
            owner.wait_event("Messages-Waiting: no")
            caller.dial(daemon.uri("9001"))
            time.sleep(1.0)
            caller.press("3")
            time.sleep(9.0)  # "Please leave a message …", and then the tone
            caller.press("#")
            caller.wait_event("CALL_CLOSED", timeout=15.0)
            assert nodes(daemon)[-3:] == ["message", "goodbye", "end"]
            assert wav.voiced_seconds(caller.heard()) > 4.0, "menu, greeting and goodbye"
            owner.wait_event("Voice-Message: 1/0")
            owner.dial(daemon.uri("*97"))
            time.sleep(8.0)
            owner.press("3")
            owner.wait_event("Messages-Waiting: no", after=1)
            owner.hang_up()
            owner.wait_ended()
            heard = owner.heard()
        assert not list((tmp_path / "daemon/data/media/acc_demo/vm").iterdir()), "erased by key"
    assert any(
        wav.tone_level_db(heard[start : start + 4_000], 620.0) > -15.0
        for start in range(0, len(heard) - 4_000, 2_000)
    )


def test_sipp_chooses_by_info_and_the_flow_hangs_up(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=account()) as daemon, Ear() as ear:
        ear.say(wav.tone(700.0, 30.0))
        sipp(
            tmp_path / "sipp",
            "menu",
            daemon.sip,
            user="1002",
            password=PASSWORDS["1002"],
            number="9001",
            hold_ms=1_000,
            media=ear.address,
        )
        wait_until(
            lambda: bool(list((tmp_path / "daemon/data/media/acc_demo/vm").glob("*.wav"))), 3.0, what="it"
        )
        assert nodes(daemon) == ["hours", "menu", "message", "goodbye", "end"]
        kept = message(tmp_path)
        assert wav.voiced_seconds(ear.signal()) > 4.0
    assert wav.peak_frequency(wav.loudest(kept, 0.5)) == pytest.approx(700.0, abs=2.0)
    assert np.abs(kept).max() > 0.1

"""A Pipecat pipeline serves a call unchanged (issue 2, must be shown 5) and passes the kit (issue 5)."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media.agent.contract import Clear, Say
from media.agent.dialect.twilio import Telnyx
from tests.support import wav
from tests.support.address import loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.dialect import context
from tests.support.process import ROOT, Child

PYTHON = ROOT / ".venv" / "pipecat" / "bin" / "python"
BOT = Path(__file__).parent / "pipecat" / "bot.py"
TELNYX = Path(__file__).parent / "pipecat" / "telnyx.py"


@contextmanager
def pipeline() -> Iterator[tuple[str, Child]]:
    if not PYTHON.exists():
        pytest.skip("Pipecat is not installed (scripts/interop installs it)")
    address = loopback()
    with Child([PYTHON, BOT, address, "8765"], name="Pipecat") as child:
        child.wait_for("Uvicorn running", 60.0)
        yield f"ws://{address}:8765/media", child


def test_the_caller_hears_the_canned_tone_and_then_itself(tmp_path: Path) -> None:
    with pipeline() as (url, bot):
        account = {
            "extensions": [{"number": "9000", "target": {"agent": "pipecat"}}],
            "agents": {"pipecat": {"dialect": "twilio", "url": url}},
        }
        with (
            Daemon(tmp_path / "daemon", account=account) as daemon,
            Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
        ):
            call = phone.dial("9000")
            bot.wait_for("start twilio stream=MZ")
            call.say(wav.tone(440.0, 5.0))
            time.sleep(5.0)
            call.press("5")
            bot.wait_for("digit 5")
            call.hang_up()
            bot.wait_for("gone")
        heard = call.signal()
    # How soon a pipeline is up is its own affair: its greeting may come anywhere.
    halves = [heard[start : start + 4000] for start in range(0, len(heard) - 4000, 400)]
    greeting = max(wav.tone_level_db(half, 880.0) for half in halves)
    assert greeting == pytest.approx(-12.0, abs=1.5)
    assert wav.peak_frequency(wav.loudest(heard[-int(1.5 * 8000) :], 1.0)) == pytest.approx(440.0, abs=2.0)


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_a_pipecat_bot_fails_no_case_of_the_conformance_kit() -> None:
    """Its serializer sets no marks; whether it sends `clear` is up to its pipeline: these do not apply."""
    with pipeline() as (url, _):
        command = [
            sys.executable,
            "-m",
            "controlplane",
            "agent",
            "check",
            url,
            "--dialect",
            "twilio",
            "--json",
        ]
        done = subprocess.run(
            [*command, "--jobs", "4"], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )
    told = json.loads(done.stdout)
    assert not [case for case in told["cases"] if case["verdict"] == "fail"] and done.returncode == 0
    assert told["totals"]["pass"] >= 30, [case for case in told["cases"] if case["verdict"] != "pass"]


def test_pipecats_telnyx_serializer_knows_the_variant_and_we_know_its_answers() -> None:
    if not PYTHON.exists():
        pytest.skip("Pipecat is not installed (scripts/interop installs it)")
    dialect = Telnyx(context(), lambda count: "ab" * count)
    sent = [*dialect.open(), dialect.hear(b"\xff" * 160), *dialect.digit("5", 100), *dialect.stop()]
    done = subprocess.run(
        [PYTHON, TELNYX], input="\n".join(map(str, sent)), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["kind"] == "telnyx" and found["call"].startswith("CA")
    assert found["read"] == ["InputAudioRawFrame", "InputDTMFFrame", "NoneType"]
    (said,), (cleared,) = (dialect.receive_text(message.encode()) for message in found["written"])
    assert isinstance(said, Say) and said.audio == b"\xff" * 160 and isinstance(cleared, Clear)

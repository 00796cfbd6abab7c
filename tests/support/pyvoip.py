"""A pyVoIP phone as a child process: the SIP client that Python developers find first.

It answers digests without qop, keeps the branch of an INVITE for the second round and makes up the To tag of
its ACKs; Asterisk puts up with all of that. `python -m tests.support.pyvoip '<json>'` is one call.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import wav
from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child
from tests.support.wav import Signal

_RTP: tuple[int, int] = (30_000, 30_100)


def call(
    folder: Path,
    server: tuple[str, int],
    user: str,
    password: str,
    number: str,
    *,
    speaks: Signal,
    seconds: float,
) -> Signal:
    """Register, call `number`, speak for so long, and hang up; what was heard, at 8 kHz."""
    pytest.importorskip("pyVoIP", reason="pyVoIP is not installed (scripts/interop installs it)")
    folder.mkdir(parents=True)
    heard = folder / "heard.wav"
    settings = {
        "address": loopback(),
        "server": server,
        "user": user,
        "password": password,
        "number": number,
        "speaks": str(wav.write(folder / "speaks.wav", speaks)),
        "heard": str(heard),
        "seconds": seconds,
    }
    with Child([sys.executable, "-m", "tests.support.pyvoip", json.dumps(settings)], name="pyVoIP") as child:
        child.wait_for("ended", 60.0 + seconds)
    signal, rate = wav.read(heard)
    assert rate == 8000
    return signal


def _main(settings: dict[str, Any]) -> None:
    voip = importlib.import_module("pyVoIP.VoIP")
    phone = voip.VoIPPhone(
        *settings["server"],
        settings["user"],
        settings["password"],
        myIP=settings["address"],
        sipPort=SIP_PORT,
        rtpPortLow=_RTP[0],
        rtpPortHigh=_RTP[1],
    )
    phone.start()
    _wait(lambda: phone.get_status() == voip.PhoneStatus.REGISTERED, "registered")
    one = phone.call(settings["number"])
    _wait(lambda: one.state == voip.CallState.ANSWERED, "answered")
    speaks, _ = wav.read(Path(settings["speaks"]))
    # Its audio is unsigned, of 8 bits.
    one.write_audio((speaks * 127 + 128).astype(np.uint8).tobytes())
    heard: list[bytes] = []
    end = time.monotonic() + settings["seconds"]
    while time.monotonic() < end and one.state == voip.CallState.ANSWERED:
        heard.append(one.read_audio(160, blocking=False))
        time.sleep(0.02)
    state = one.state
    one.hangup()
    phone.stop()
    wav.write(Path(settings["heard"]), np.frombuffer(b"".join(heard), np.uint8) / 128 - 1.0)
    print("ended", state.name, flush=True)


def _wait(is_so: Any, what: str) -> None:
    end = time.monotonic() + 30.0
    while not is_so():
        assert time.monotonic() < end, f"not {what}"
        time.sleep(0.05)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))

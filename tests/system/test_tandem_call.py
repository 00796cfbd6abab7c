"""`tandem call`, `calls` and `trace` against the daemon, as a user types them (`design.md` §6)."""

import json
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.daemon import PASSWORDS, Daemon


def test_the_softphone_hears_its_own_tone_at_the_echo(tmp_path: Path) -> None:
    question = wav.write(tmp_path / "question.wav", wav.tone(660.0, 2.0))
    heard = tmp_path / "heard.wav"
    with Daemon(tmp_path / "daemon") as daemon:
        words = ["--user", "1001", "--password", PASSWORDS["1001"], "--seconds", "4"]
        words += ["--play", str(question), "--record", str(heard)]
        status, said = daemon.tandem("call", daemon.uri("*43"), *words)
        assert status == 0, said
        assert "answered" in said
        status, listed = daemon.tandem("calls", "--json")
        assert status == 0, listed
        call = json.loads(listed)["ended"][0]
        assert call["target"] == "echo:" and call["disposition"] == "answered"
        events = [row["event"] for row in daemon.trace(call["id"])]
        assert "INVITE" in events and "BYE" in events
    signal, rate = wav.read(heard)
    tone = wav.loudest(signal, 1.0, rate=rate)
    assert wav.peak_frequency(tone, rate=rate) == pytest.approx(660.0, abs=2.0)
    assert wav.tone_level_db(tone, 660.0, rate=rate) == pytest.approx(-12.0, abs=1.0)


def test_a_failed_call_exits_with_1_and_says_why(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        credentials = ["--user", "1001", "--password", PASSWORDS["1001"]]
        status, said = daemon.tandem("call", daemon.uri("5555"), *credentials)
        assert status == 1 and "404" in said, said
        status, said = daemon.tandem("call", daemon.uri("*43"), "--user", "1001", "--password", "wrong")
        assert status == 1 and "401" in said, said


def test_a_call_that_never_was_has_no_trace(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon") as daemon:
        status, said = daemon.tandem("trace", "nobody")
        assert status == 1 and "nobody" in said, said

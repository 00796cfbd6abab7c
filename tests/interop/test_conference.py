"""Phones that others have written meet in a room, are supervised, and are recorded (S004-39)."""

import contextlib
import json
import time
import urllib.error
import urllib.request
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support import wav
from tests.support.baresip import Baresip
from tests.support.bot import Bot
from tests.support.daemon import Daemon

PITCHES = {"1001": 500.0, "1002": 900.0, "1003": 1300.0}


def account(**more: object) -> dict[str, object]:
    users = [
        {"number": number, "devices": [{"username": number, "password": f"pass-{number}"}]}
        for number in PITCHES
    ]
    return {"users": users, "extensions": [{"number": "8000", "target": {"conference": "board"}}], **more}


def phone(folder: Path, daemon: Daemon, number: str, *, codec: str = "", answers: bool = False) -> Baresip:
    rate = int(codec.split("/")[1]) if codec else 8000
    made = Baresip(
        folder / number,
        daemon.sip,
        number,
        f"pass-{number}",
        speaks=wav.tone(PITCHES[number], 40.0, rate=rate, level_db=-18.0),
        codec=codec,
        answers=answers,
    )
    made.wait_registered()
    return made


def asked(daemon: Daemon, path: str, body: dict[str, str]) -> dict[str, object]:
    data = json.dumps({"accountId": "acc_demo", **body}).encode()
    request = urllib.request.Request(
        f"http://{daemon.http[0]}:{daemon.http[1]}{path}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def live(daemon: Daemon) -> str:
    _, body = daemon.get("/cac?accountId=acc_demo")
    return str(json.loads(body)["calls"][0]["id"])


def levels(heard: np.ndarray, rate: int = 8000) -> dict[str, float]:
    return {number: wav.tone_level_db(heard, pitch, rate=rate) for number, pitch in PITCHES.items()}


def clearest(heard: np.ndarray, pitch: float) -> np.ndarray:
    """The second of 16 kHz in which a tone is loudest: when it begins and ends is the machine's mood."""
    seconds = [heard[at : at + 16_000] for at in range(0, max(1, len(heard) - 16_000), 1_600)]
    return max(seconds, key=lambda second: wav.tone_level_db(second, pitch, rate=16_000))


def level(heard: np.ndarray, pitch: float) -> float:
    """Of a tone at its clearest [dB]."""
    return wav.tone_level_db(clearest(heard, pitch), pitch, rate=16_000)


def approx(db: float) -> object:
    return pytest.approx(db, abs=2.0)


def test_three_phones_hear_the_two_others_and_never_themselves(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path / "daemon", account=account()))
        codecs = {"1001": "", "1002": "g722/16000/1", "1003": ""}
        phones = {
            number: stack.enter_context(phone(tmp_path, daemon, number, codec=codec))
            for number, codec in codecs.items()
        }
        for each in phones.values():
            each.dial(daemon.uri("8000"))
        time.sleep(4.0)
        for each in phones.values():
            each.hang_up()
        for number, each in phones.items():
            each.wait_event("CALL_CLOSED")
            time.sleep(0.3)
            heard = each.heard()
            # The last of them came when the others were there; the end is when the first went.
            middle = heard[-int(2.5 * each.rate) : -int(1.0 * each.rate)]
            found = levels(middle, each.rate)
            assert found.pop(number) < -45.0, f"{number} hears itself"
            assert all(abs(level + 18.0) < 2.0 for level in found.values()), (number, found)


def recorded(folder: Path, call: str, *, rate: int) -> np.ndarray:
    """Left and right, shape (samples, 2)."""
    file = folder / "daemon" / "data" / "media" / "acc_demo" / "call" / f"{call}.wav"
    with wave.open(str(file)) as kept:
        assert (kept.getnchannels(), kept.getframerate()) == (2, rate)
        return np.frombuffer(kept.readframes(kept.getnframes()), np.int16).reshape(-1, 2) / 32768.0


def test_a_supervised_and_recorded_call(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path / "daemon", account=account(record="always")))
        caller = stack.enter_context(phone(tmp_path, daemon, "1001"))
        agent = stack.enter_context(phone(tmp_path, daemon, "1002", answers=True))
        chief = stack.enter_context(phone(tmp_path, daemon, "1003", answers=True))
        caller.dial(daemon.uri("1002"))
        time.sleep(1.5)
        call = live(daemon)
        asked(daemon, f"/calls/{call}/supervisors", {"user": "1003", "mode": "listen"})
        time.sleep(3.0)
        asked(daemon, f"/calls/{call}/supervisors/1003", {"mode": "whisper"})
        time.sleep(3.0)
        caller.hang_up()
        for each in (caller, agent, chief):
            each.wait_event("CALL_CLOSED")
        time.sleep(0.5)
        listened = levels(chief.heard()[8000:20_000])
        assert abs(listened["1001"] + 18) < 2 and abs(listened["1002"] + 18) < 2
        to_caller = levels(caller.heard()[-16_000:-4_000])
        assert to_caller["1003"] < -45.0, "the caller hears no whisper"
        to_agent = levels(agent.heard()[-16_000:-4_000])
        assert abs(to_agent["1003"] + 18) < 2 and abs(to_agent["1001"] + 18) < 2
        pairs = recorded(tmp_path, call, rate=8000)
        assert len(pairs) > 6.5 * 8000
        assert abs(levels(pairs[16_000:40_000, 0])["1001"] + 18) < 2, "the caller is left"
        assert abs(levels(pairs[16_000:40_000, 1])["1002"] + 18) < 2, "the callee is right"
        status, _ = daemon.get(f"/media/acc_demo/call/{call}.wav")
        assert status == 200


def test_a_person_listens_to_an_agent_and_takes_its_caller_over(tmp_path: Path) -> None:
    """All in wideband, the recording too: the agent's voice lies above what G.711 carries."""
    voice = 5200.0
    with contextlib.ExitStack() as stack:
        greeting = wav.tone(voice, 30.0, rate=16_000, level_db=-18.0)
        bot = stack.enter_context(Bot(tmp_path, greeting=greeting, dialect="tandem", sample_rate=16_000))
        extensions = [{"number": "9000", "target": {"agent": "bot"}}]
        agents = {"bot": bot.agent(barge_in={"mode": "off"})}
        section = account(extensions=extensions, agents=agents, record="always")
        daemon = stack.enter_context(Daemon(tmp_path / "daemon", account=section))
        caller, chief = (
            stack.enter_context(phone(tmp_path, daemon, number, codec="g722/16000/1", answers=True))
            for number in ("1001", "1003")
        )
        caller.dial(daemon.uri("9000"))
        bot.wait("media")
        call = live(daemon)
        with pytest.raises(urllib.error.HTTPError, match="409"):
            asked(daemon, f"/calls/{call}/supervisors", {"user": "1003", "mode": "whisper"})
        asked(daemon, f"/calls/{call}/supervisors", {"user": "1003", "mode": "listen"})
        chief.wait_event("CALL_ESTABLISHED")
        time.sleep(2.5)
        assert not bot.events("gone")
        asked(daemon, f"/calls/{call}/supervisors/1003", {"mode": "barge"})
        bot.wait("gone")
        time.sleep(2.5)
        chief.hang_up()
        for each in (caller, chief):
            each.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        listened, spoken = chief.heard(), clearest(caller.heard(), PITCHES["1003"])
        left, right = recorded(tmp_path, call, rate=16_000).T
    assert level(listened, PITCHES["1001"]) == approx(-18), "the chief hears the caller"
    assert level(listened, voice) == approx(-18), "and the agent, wideband"
    assert level(spoken, PITCHES["1003"]) == approx(-18), "then the caller hears the chief"
    assert wav.tone_level_db(spoken, voice, rate=16_000) < -45, "and the agent no more"
    assert wav.tone_level_db(bot.heard(), PITCHES["1003"], rate=16_000) < -45, "which never heard the chief"
    assert level(left, PITCHES["1001"]) == approx(-18), "the caller is left"
    assert level(right, voice) == approx(-18), "the agent is right"
    assert level(right, PITCHES["1003"]) == approx(-18), "and the chief after it"

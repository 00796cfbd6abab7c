"""Wideband codecs and SRTP with phones that others have written (issue 4, must be shown 3)."""

import time
from pathlib import Path

import numpy as np
import pytest

from tests.support import wav
from tests.support.baresip import Baresip
from tests.support.bot import Bot
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.phones import baresip, pjsua2
from tests.support.site import PORTS, Site
from tests.support.softphone import Softphone

WIDE = ["g722/16000/1", "opus/48000/2"]


@pytest.mark.parametrize("codec", WIDE)
def test_baresip_hears_its_own_upper_band_in_the_echo(tmp_path: Path, codec: str) -> None:
    rate = int(codec.split("/")[1])
    with (
        Daemon(tmp_path / "daemon") as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(5200.0, 10.0, rate=rate), codec=codec) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("*43"))
        time.sleep(2.5)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        heard = wav.loudest(phone.heard(), 1.0, rate=rate)
        assert wav.peak_frequency(heard, rate=rate) == pytest.approx(5200.0, abs=3.0)
        assert wav.tone_level_db(heard, 5200.0, rate=rate) == pytest.approx(-12.0, abs=3.0)


@pytest.mark.parametrize("codec", WIDE)
def test_the_demo_agent_greets_by_every_codec(tmp_path: Path, codec: str) -> None:
    rate = int(codec.split("/")[1])
    account = {
        "extensions": [{"number": "9000", "target": {"agent": "demo"}}],
        "agents": {"demo": {"dialect": "twilio", "url": "builtin:demo"}},
    }
    with (
        Daemon(tmp_path / "daemon", account=account) as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.silence(10.0, rate=rate), codec=codec) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("9000"))
        time.sleep(4.0)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        heard = wav.loudest(phone.heard(), 1.0, rate=rate)
        assert wav.level_db(heard) > -35, "a voice, not silence"
        assert np.abs(np.diff(heard)).max() < 1.0


@pytest.mark.parametrize("srtp", ["srtp", "srtp-mand", "dtls_srtp"])
def test_baresip_speaks_srtp_with_the_echo(tmp_path: Path, srtp: str) -> None:
    with (
        Daemon(tmp_path / "daemon") as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(1020.0, 10.0), srtp=srtp) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("*43"))
        time.sleep(2.0)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        heard = wav.loudest(phone.heard(), 1.0)
        assert wav.peak_frequency(heard) == pytest.approx(1020.0, abs=2.0)
        assert wav.tone_level_db(heard, 1020.0) == pytest.approx(-12.0, abs=1.0)


def test_baresip_is_called_with_dtls_by_who_speaks_none(tmp_path: Path) -> None:
    """RFC 5763: `srtp: dtls` of the user; each hears the other."""
    users = [
        {"number": number, "devices": [{"username": number, "password": PASSWORDS[number]}]}
        for number in PASSWORDS
    ]
    users[0]["srtp"] = "dtls"
    answers = {"speaks": wav.tone(440.0, 30.0), "answers": True, "srtp": "dtls_srtp"}
    with (
        Daemon(tmp_path / "daemon", account={"users": users}) as daemon,
        baresip(tmp_path, daemon, "1001", **answers) as callee,
        baresip(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 5.0)) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        caller.dial(daemon.uri("1001"))
        callee.wait_event("CALL_ESTABLISHED")
        time.sleep(2.0)
        caller.hang_up()
        callee.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        for signal, frequency in ((callee.heard(), 620.0), (caller.heard(), 440.0)):
            assert wav.peak_frequency(wav.loudest(signal, 1.0)) == pytest.approx(frequency, abs=2.0)


def test_pjsua2_that_speaks_srtp_alone_talks_with_baresip_that_speaks_none(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon") as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.tone(440.0, 30.0), answers=True) as callee,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.tone(620.0, 5.0), srtp=True) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        caller.dial(daemon.uri("1001"))
        callee.wait_event("CALL_ESTABLISHED")
        time.sleep(3.0)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        for signal, frequency in ((callee.heard(), 620.0), (caller.heard(), 440.0)):
            heard = wav.loudest(signal, 1.0)
            assert wav.peak_frequency(heard) == pytest.approx(frequency, abs=2.0)
            assert wav.tone_level_db(heard, frequency) == pytest.approx(-12.0, abs=1.0)


def test_the_agent_hears_the_keys_that_pjsua2_sends_by_info(tmp_path: Path) -> None:
    extensions = [{"number": "9000", "target": {"agent": "bot"}}]
    with (
        Bot(tmp_path / "bot") as bot,
        Daemon(
            tmp_path / "daemon", account={"extensions": extensions, "agents": {"bot": bot.agent()}}
        ) as daemon,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.silence(5.0)) as phone,
    ):
        phone.wait_registered()
        phone.dial(daemon.uri("9000"))
        bot.wait("media")
        for key in "15*#":
            phone.inform(key)
            time.sleep(0.3)
        time.sleep(0.5)
        phone.hang_up()
        bot.wait("gone")
        assert [event["message"]["dtmf"]["digit"] for event in bot.events("dtmf")] == list("15*#")


def test_pjsua2_by_tls_srtp_and_g722_and_baresip_by_dtls_and_opus_hear_each_other_and_their_keys(
    tmp_path: Path,
) -> None:
    """Each side's keys have another clock and other keys of SRTP on the other."""
    users = [
        {"number": number, "devices": [{"username": number, "password": PASSWORDS[number]}]}
        for number in PASSWORDS
    ]
    users[0]["srtp"], users[1]["srtp"] = "dtls", "required"
    made = Site(tmp_path)
    says = {"speaks": wav.tone(440.0, 30.0, rate=48_000), "codec": "opus/48000/2", "srtp": "dtls_srtp"}
    secured = {"transport": "tls", "ca": made.authority.certificate, "srtp": True, "codec": "G722"}
    server = (made.address, PORTS["tls"])
    with (
        made.daemon(tmp_path / "daemon", users=users) as daemon,
        baresip(tmp_path, daemon, "1001", answers=True, **says) as callee,
        Softphone(
            tmp_path / "caller", server, "1002", PASSWORDS["1002"], speaks=wav.tone(620.0, 5.0), **secured
        ) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        caller.dial(f"sip:1001@{made.address}:{PORTS['tls']};transport=tls")
        callee.wait_event("CALL_ESTABLISHED")
        time.sleep(1.5)
        for key in "1#":
            caller.press(key)
            callee.press(key)
            time.sleep(0.5)
        callee.wait_event("CALL_DTMF_START", 2)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        assert told(callee) == "1#" and caller.digits() == "1#"
        for signal, rate, frequency in ((callee.heard(), 48_000, 620.0), (caller.heard(), 8_000, 440.0)):
            heard = wav.loudest(signal, 1.0, rate=rate)
            assert wav.peak_frequency(heard, rate=rate) == pytest.approx(frequency, abs=2.0)


def told(phone: Baresip) -> str:
    """The keys that it was told of."""
    return "".join(str(event["param"]) for event in phone.events if event.get("type") == "CALL_DTMF_START")


def test_baresip_reads_the_keys_that_it_is_sent_by_info(tmp_path: Path) -> None:
    users = [
        {"number": number, "devices": [{"username": number, "password": PASSWORDS[number]}]}
        for number in PASSWORDS
    ]
    users[0]["dtmf"] = "info"
    with (
        Daemon(tmp_path / "daemon", account={"users": users}) as daemon,
        baresip(tmp_path, daemon, "1001", speaks=wav.silence(20.0), answers=True) as callee,
        pjsua2(tmp_path, daemon, "1002", speaks=wav.silence(5.0)) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        caller.dial(daemon.uri("1001"))
        callee.wait_event("CALL_ESTABLISHED")
        time.sleep(0.5)
        caller.press("15*#")
        callee.wait_event("CALL_DTMF_START", 4)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        assert told(callee) == "15*#"
        assert callee.child.count("received DTMF") == 4, "by INFO"

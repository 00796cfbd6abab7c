"""Linphone, unchanged, is a phone here: digests, G.711 to Opus, SRTP by SDES, hold, transfer and texts."""

import json
from pathlib import Path

from tests.support.daemon import PASSWORDS, Daemon
from tests.support.linphone import Linphone


def test_two_linphones_text_each_other_and_talk_in_srtp_through_hold_and_resume(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon", account={"srtp": "required"}) as daemon,
        Linphone(tmp_path / "a", daemon.sip, "1001", PASSWORDS["1001"], srtp=True) as a,
        Linphone(tmp_path / "b", daemon.sip, "1002", PASSWORDS["1002"], srtp=True) as b,
    ):
        a.write("chat sip:1002@demo.local good morning")
        b.wait_for("Message received from sip:1001@demo.local: good morning", 30.0)
        b.say("autoanswer enable", "Auto answer enabled")
        a.say("call sip:1002@demo.local", "Media streams established")
        a.say("pause", "is now paused")
        a.say("resume", "Media streams established")
        a.say("terminate", r"ended \(No error\)")
        b.wait_for("Call 1 with sip:1001@demo.local ended", 30.0)
        (call,) = ended(daemon)
    assert call["disposition"] == "answered" and call["cause"] == "caller_hangup"


def test_a_linphone_hands_the_party_it_called_to_another(tmp_path: Path) -> None:  # RFC 3515, RFC 5589 §6
    passwords = {**PASSWORDS, "1003": "third-3"}
    users = [
        {"number": number, "devices": [{"username": number, "password": password}]}
        for number, password in passwords.items()
    ]
    with (
        Daemon(tmp_path / "daemon", account={"users": users}) as daemon,
        Linphone(tmp_path / "a", daemon.sip, "1001", passwords["1001"]) as a,
        Linphone(tmp_path / "b", daemon.sip, "1002", passwords["1002"]) as b,
        Linphone(tmp_path / "c", daemon.sip, "1003", passwords["1003"]) as c,
    ):
        for phone in (b, c):
            phone.say("autoanswer enable", "Auto answer enabled")
        a.say("call sip:1002@demo.local", "Media streams established")
        a.say("transfer sip:1003@demo.local", "has been transfered")
        c.wait_for("Media streams established with sip:1002@demo.local", 30.0)
        assert not b.count("ended"), "it talks to 1003 now, and noticed nothing"
        b.say("terminate", r"ended \(No error\)")
        c.wait_for("Call 1 with sip:1002@demo.local ended", 30.0)
        assert ended(daemon), "each call has its CDR"


def ended(daemon: Daemon) -> list[dict[str, object]]:
    code, printed = daemon.tandem("calls", "--json")
    assert code == 0, printed
    calls: list[dict[str, object]] = json.loads(printed)["ended"]
    return calls

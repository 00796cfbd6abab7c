"""A customer behind a trunk is promised a callback and called back by the same trunk: sipp at its end."""

from pathlib import Path
from typing import Any

from tests.interop.test_sipp_calls import ended, taken
from tests.support.address import SIP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.scenario import AUDIO, calling
from tests.support.sipp import Sipp
from tests.system.test_callback import PATIENCE, account, callbacks, cdrs, until

DID, CUSTOMER = "12025550100", "+12025550199"
ONE = "Signal=1\nDuration=160"


def trunked(folder: Path, carrier: str) -> dict[str, Any]:
    trunk = {
        "name": "carrier",
        "proxy": f"sip:{carrier}:{SIP_PORT}",
        "auth": {"ip": [carrier]},
        "default": True,
    }
    return account(folder) | {
        "dids": [{"number": DID, "target": {"flow": "later"}}],
        "trunks": [trunk],
        "fraud": {"country": "1"},
    }


def test_a_customer_behind_a_trunk_is_promised_a_call_and_called_back_through_it(tmp_path: Path) -> None:
    carrier = loopback()
    asks = calling().invite(AUDIO).expect(100, optional=True).expect(180, optional=True).expect(200).ack()
    asks.request("INFO", ONE, "Content-Type: application/dtmf-relay").expect(200).comes("BYE").respond(200)
    quiet = {"limits": {"media": {"silence_timeout": "5m"}}}  # sipp sends no audio
    with Daemon(tmp_path / "daemon", account=trunked(tmp_path, carrier), settings=quiet) as daemon:
        customer: dict[str, Any] = {"address": carrier, "user": CUSTOMER, "timeout": int(PATIENCE)}
        with Sipp(tmp_path / "asks", asks, daemon.sip, number=DID, **customer) as call:
            call.done()
        (kept,) = callbacks(daemon)
        assert (kept["number"], kept["tries"]) == (CUSTOMER, 0)
        with (
            Sipp(tmp_path / "called", ended(taken()), **customer) as called,
            Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as agent,
        ):
            assert agent.register().status == 200
            answered = agent.answer(timeout=PATIENCE)
            called.wait_for("ACK", PATIENCE)
            until(lambda: callbacks(daemon)[0]["state"] == "reached", "it is not noted that he was reached")
            answered.hang_up()
            called.done()
            invite = called.one("INVITE")
        assert invite.uri.startswith(f"sip:{CUSTOMER}@{carrier}")
        assert DID in invite.header("From"), "the number that he had called"
        until(lambda: len(cdrs(daemon)) == 2, "a CDR is missing")
        asked, back = cdrs(daemon)
        assert (asked["disposition"], asked["direction"]) == ("callback", "in")
        assert (back["disposition"], back["direction"], back["queue"]) == ("answered", "out", "support")
        assert callbacks(daemon)[0]["calls"] == [back["id"]]

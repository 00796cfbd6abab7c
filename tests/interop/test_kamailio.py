"""Kamailio as the proxy in front of us and as a carrier's (issue 3, *Trunks*, *Transports*).

::

    baresip (TCP) ┐                        ┌ the carrier's proxy, where we register ── sipp (PSTN)
    pjsua2  (UDP) ┴ front: Path, 2 × RR ── us
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.test_sipp_calls import ended, hung_up, up
from tests.support import wav
from tests.support.address import SIP_PORT, loopback
from tests.support.baresip import Baresip
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.kamailio import Kamailio
from tests.support.leftover import assert_quiet
from tests.support.process import wait_until
from tests.support.scenario import AUDIO, HELD, called, calling
from tests.support.sipp import Sipp
from tests.support.softphone import Softphone

DID = "12025550123"
OUTSIDE = "+14155550100"


@dataclass
class Site:
    folder: Path
    daemon: Daemon
    front: str
    carrier: str
    pstn: str

    def outside(self, **more: object) -> dict[str, object]:
        return {"address": self.pstn, "timeout": 30, **more}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    edge, front, carrier, pstn = (loopback() for _ in range(4))
    trunk = {
        "name": "carrier",
        "proxy": f"sip:{carrier}:{SIP_PORT}",
        "default": True,
        "register": {"username": "us", "password": "secret", "expires": "60s", "retry": "1s"},
    }
    account = {
        "trunks": [trunk],
        "dids": [{"number": DID, "target": {"user": "1002"}}],
    }
    settings = {"security": {"allow": [f"{front}/32"]}}
    with (
        Kamailio(folder / "kamailio", front=front, carrier=carrier, edge=edge, pstn=pstn),
        Daemon(folder / "daemon", account=account, settings=settings, address=edge) as daemon,
    ):
        wait_until(
            lambda: (
                1.0 in [v for n, v in daemon.metrics().items() if n.startswith("tandem_trunk_registered{")]
            ),
            30.0,
            what="we are registered at the carrier",
        )
        yield Site(folder, daemon, front, carrier, pstn)


def baresip(site: Site, tmp_path: Path, user: str, frequency: float) -> Baresip:
    return Baresip(
        tmp_path / f"baresip-{user}",
        (site.front, SIP_PORT),
        user,
        PASSWORDS[user],
        speaks=wav.tone(frequency, 30.0),
        answers=True,
        transport="tcp",
        domain="demo.local",
    )


@pytest.mark.parametrize("ends", ["we", "they"])
def test_our_call_leaves_by_a_carrier_that_challenges_and_stays_in_the_path(
    site: Site, tmp_path: Path, ends: str
) -> None:
    """RFC 3261 §22.3, §12.2.1.1: 407, credentials, and ACK, re-INVITE and BYE by the route set both ways."""
    callee = called(proxied=True).incoming().answer(180).pause(200).answer(200, AUDIO).ack_comes()
    for sdp in (HELD, AUDIO):
        callee.pause(100).invite(sdp).expect(100, optional=True).expect(200).ack()
    callee = ended(callee) if ends == "we" else hung_up(callee)
    caller = hung_up(up().pause(1_000)) if ends == "we" else ended(up())
    before = site.daemon.metrics()
    with (
        Sipp(tmp_path / "pstn", callee, address=site.pstn, timeout=30) as far,
        Sipp(
            tmp_path / "phone",
            caller,
            site.daemon.sip,
            number=OUTSIDE,
            user="1001",
            password=PASSWORDS["1001"],
            timeout=30,
        ) as near,
    ):
        near.done()
        far.done()
        invite = far.one("INVITE")
        assert len(invite.all("Via")) == 2 and site.carrier in invite.header("Record-Route")
        assert not invite.all("Proxy-Authorization") and len(far.wire("INVITE")) == 1
        assert len(far.one("ACK").all("Via")) == 2, "by the route set, not straight"
    assert_quiet(site.daemon, before)


def test_a_carrier_calls_where_we_registered_and_a_phone_behind_a_proxy_rings(
    site: Site, tmp_path: Path
) -> None:
    """RFC 3261 §16.5: our Contact has taken the number's place, which is in To; RFC 3327: Path."""
    caller = calling().invite(AUDIO).expect(100, optional=True).expect(180, optional=True).expect(200).ack()
    with baresip(site, tmp_path, "1002", 440.0) as desk:
        desk.wait_registered()
        before = site.daemon.metrics()
        with Sipp(
            tmp_path / "pstn",
            hung_up(caller.pause(300)),
            (site.carrier, SIP_PORT),
            address=site.pstn,
            number=DID,
            timeout=30,
        ) as far:
            far.done()
            desk.wait_event("CALL_CLOSED")
            assert site.carrier in far.one(200).header("Record-Route")
        assert_quiet(site.daemon, before)


def test_phones_behind_a_proxy_register_talk_hold_and_hang_up(site: Site, tmp_path: Path) -> None:
    """RFC 3327, RFC 3581, RFC 5658: TCP on one side, UDP on the other, two Record-Routes at the first."""
    with (
        baresip(site, tmp_path, "1001", 440.0) as callee,
        Softphone(
            tmp_path / "pjsua2",
            (site.front, SIP_PORT),
            "1002",
            PASSWORDS["1002"],
            speaks=wav.tone(620.0, 5.0),
            domain="demo.local",
        ) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        before = site.daemon.metrics()
        caller.dial("sip:1001@demo.local")
        callee.wait_event("CALL_ESTABLISHED")
        caller.say("hold")
        caller.wait_event('"held"')
        seen = len(caller.child.lines)
        caller.say("resume")
        caller.wait_event('"audio"', after=seen)
        callee.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        assert_quiet(site.daemon, before)

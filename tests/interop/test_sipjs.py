"""SIP.js, as browsers have it, over WSS: calls both ways, hold, keys, transfer, texts, watching."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.sipjs import SipJs, installed
from tests.support.site import PORTS, Site


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("sipjs"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Site, Daemon]]:
    made = Site(tmp_path)
    with made.daemon(tmp_path / "daemon") as daemon:
        yield made, daemon


def phone(modules: Path, site: Site, user: str) -> SipJs:
    url = f"wss://{site.address}:{PORTS['wss']}"
    return SipJs(modules, url, user, ca=site.authority.certificate)


def causes(daemon: Daemon) -> list[str]:
    code, printed = daemon.tandem("calls", "--json")
    assert code == 0, printed
    return sorted(call["cause"] for call in json.loads(printed)["ended"])


def test_two_call_hold_press_keys_and_hang_up(modules: Path, site: tuple[Site, Daemon]) -> None:
    made, daemon = site
    with phone(modules, made, "1001") as caller, phone(modules, made, "1002") as callee:
        caller.do("watch", "1002")
        caller.saw("subscription", state="Subscribed")
        caller.do("dial", "1002")
        callee.saw("invited", **{"from": "1001"})
        callee.do("accept")
        callee.saw("session", state="Established")
        caller.saw("answered", status=200)
        caller.saw("dialog", state="confirmed")
        caller.do("hold")
        caller.saw("described", direction="recvonly")
        caller.saw("held", status=200)
        caller.do("resume")
        caller.saw("described", direction="sendrecv")
        caller.saw("resumed", status=200)
        caller.do("press", "5")
        caller.saw("pressed", status=200)
        callee.do("bye")
        callee.saw("bye", status=200)
        caller.saw("bye")
        caller.saw("session", state="Terminated")
        for each in (caller, callee):
            each.do("quit")
            assert each.child.wait(10.0) == 0
    assert causes(daemon) == ["callee_hangup"]


def test_one_gives_up_and_sends_a_text_instead(modules: Path, site: tuple[Site, Daemon]) -> None:
    made, daemon = site
    with phone(modules, made, "1001") as caller, phone(modules, made, "1002") as callee:
        caller.do("dial", "1002")
        callee.saw("invited", **{"from": "1001"})
        caller.do("cancel")
        caller.saw("answered", status=487)
        callee.saw("session", state="Terminated")
        caller.do("text", "1002", "later")
        callee.saw("text", body="later")
        caller.saw("sent", status=200)
    assert causes(daemon) == ["caller_cancelled"]


def test_one_transfers_another_to_the_echo(modules: Path, site: tuple[Site, Daemon]) -> None:
    """RFC 3515: REFER in the dialog, NOTIFY of how it goes."""
    made, _ = site
    with phone(modules, made, "1001") as caller, phone(modules, made, "1002") as callee:
        caller.do("dial", "1002")
        callee.saw("invited", **{"from": "1001"})
        callee.do("accept")
        caller.saw("answered", status=200)
        caller.do("refer", "*43")
        caller.saw("referred", status=202)
        caller.saw("progress", line="SIP/2.0 200 OK")
        caller.saw("session", state="Terminated")
        callee.do("bye")
        callee.saw("bye", status=200)

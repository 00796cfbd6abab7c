"""Chromium with JsSIP through WSS, ICE and DTLS: a phone like any other (issue 4, must be shown 3)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.bot import Bot
from tests.support.browser import Browser, bundle, chromium
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.site import PORTS, Site
from tests.support.softphone import Softphone

AGENT = [{"number": "9000", "target": {"agent": "bot"}}]
MICROPHONE = 700.0
Open = Callable[..., Browser]


@pytest.fixture(scope="module")
def jssip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return bundle(tmp_path_factory.mktemp("jssip"))


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    with Bot(tmp_path / "bot", greeting=wav.tone(530.0, 4.0, level_db=-9.0)) as made:
        yield made


@pytest.fixture
def workers() -> int:
    return 0


@pytest.fixture
def site(tmp_path: Path, bot: Bot, workers: int) -> Iterator[tuple[Site, Daemon]]:
    made = Site(tmp_path)
    with made.daemon(
        tmp_path / "daemon", workers=workers, extensions=AGENT, agents={"bot": bot.agent()}
    ) as daemon:
        yield made, daemon


def opened(
    jssip: Path, site: tuple[Site, Daemon], folder: Path, user: str = "1001", **more: object
) -> Browser:
    made, _ = site
    url = f"wss://{made.address}:{PORTS['wss']}"
    speaks = wav.tone(MICROPHONE, 10.0, level_db=-12.0)
    return Browser(
        folder / "browser",
        jssip,
        url,
        user,
        PASSWORDS[user],
        speaks=speaks,
        certificate=made.certificate,
        **more,  # type: ignore[arg-type]
    )


def phone(site: tuple[Site, Daemon], folder: Path, *, answers: bool = False) -> Softphone:
    made, _ = site
    server = (made.address, PORTS["udp"])
    speaks = wav.tone(440.0, 30.0)
    return Softphone(folder / "phone", server, "1002", PASSWORDS["1002"], speaks=speaks, answers=answers)


@pytest.mark.parametrize("workers", [0, 1])
def test_its_own_tone_comes_back_and_hold_stops_it(
    jssip: Path, site: tuple[Site, Daemon], tmp_path: Path
) -> None:
    with opened(jssip, site, tmp_path) as browser:
        browser.dial("*43")
        browser.hears(MICROPHONE)
        counted = browser.run("stats()")
        assert counted["codec"] == "audio/opus" and counted["dtls"] == "connected"
        browser.run("press('15#')")
        time.sleep(1.5)
        browser.run("state.session.hold()")
        browser.saw("hold")
        browser.hears_nothing()
        browser.run("state.session.unhold()")
        browser.saw("unhold")
        browser.hears(MICROPHONE)
        call = browser.run("state.session._request.call_id")
        browser.run("state.session.terminate()")
        browser.saw("ended")
        time.sleep(1.5)
        rows = site[1].trace(call)
    names = [row["event"] for row in rows]
    assert "Secured" in names and "Failed" not in names
    assert [row["data"]["digit"] for row in rows if row["event"] == "Digit"] == ["1", "5", "#"]


def test_it_hears_and_is_heard_by_an_agent_that_gets_its_digits(
    jssip: Path, site: tuple[Site, Daemon], bot: Bot, tmp_path: Path
) -> None:
    with opened(jssip, site, tmp_path) as browser:
        browser.dial("9000")
        browser.hears(530.0)
        bot.wait("mark")
        browser.run("press('42')")
        time.sleep(2.0)
        browser.run("state.session.terminate()")
        bot.wait("gone")
    heard = wav.loudest(bot.heard(), 1.0)
    assert wav.peak_frequency(heard) == pytest.approx(MICROPHONE, abs=2.0)
    assert [event["message"]["dtmf"]["digit"] for event in bot.events("dtmf")] == list("42")


def test_it_calls_a_desk_phone(jssip: Path, site: tuple[Site, Daemon], tmp_path: Path) -> None:
    with phone(site, tmp_path, answers=True) as desk, opened(jssip, site, tmp_path) as browser:
        desk.wait_registered()
        browser.dial("1002")
        browser.hears(440.0)
        browser.run("press('7*')")
        time.sleep(1.5)
        desk.press("5")
        browser.hears_key(770.0, 1336.0)
        time.sleep(1.0)
        desk.hang_up()
        browser.saw("ended")
        desk.wait_ended()
        assert wav.peak_frequency(wav.loudest(desk.heard(), 1.0)) == pytest.approx(MICROPHONE, abs=2.0)
        assert desk.digits() == "7*"


def test_it_is_called_by_a_desk_phone(jssip: Path, site: tuple[Site, Daemon], tmp_path: Path) -> None:
    with opened(jssip, site, tmp_path, answers=True) as browser, phone(site, tmp_path) as desk:
        desk.wait_registered()
        desk.dial(f"sip:1001@{site[0].address}:{PORTS['udp']}")
        browser.hears(440.0)
        desk.say("hold")
        time.sleep(1.5)
        desk.say("resume")
        time.sleep(0.5)
        browser.hears(440.0)
        browser.run("press('9')")
        time.sleep(1.5)
        browser.run("state.session.terminate()")
        desk.wait_ended()
        assert wav.peak_frequency(wav.loudest(desk.heard(), 1.0)) == pytest.approx(MICROPHONE, abs=2.0)
        assert desk.digits() == "9"


@pytest.mark.parametrize("who", ["the browser", "pjsua2"])
def test_what_its_lamp_shows_ringing_is_picked_up(jssip: Path, tmp_path: Path, who: str) -> None:
    """RFC 4235 §4.1.1, RFC 3891: by the dialog that JsSIP's subscription to the desk phone is told of."""
    made = Site(tmp_path)
    names = {**PASSWORDS, "1003": "cheshire-3", "1004": "hatter-4"}
    users = [{"number": n, "devices": [{"username": n, "password": p}]} for n, p in names.items()]

    def desk(name: str, hertz: float) -> Softphone:
        server = (made.address, PORTS["udp"])
        return Softphone(tmp_path / name, server, name, names[name], speaks=wav.tone(hertz, 30.0))

    with (
        made.daemon(tmp_path / "daemon", users=users) as daemon,
        opened(jssip, (made, daemon), tmp_path) as browser,
        desk("1002", 440.0) as rings,
        desk("1003", 530.0) as caller,
        desk("1004", 620.0) as colleague,
    ):
        for phone in (rings, caller, colleague):
            phone.wait_registered()
        browser.run("follow('1002')")
        browser.until("state.lamp.length && state.lamp[0].state === 'terminated'", "the lamp is out")
        caller.child.write(f"dial {daemon.uri('1002')}")
        rings.wait_event('"incoming"')
        browser.until("state.lamp[0].state === 'early'", "the lamp blinks")
        if who == "pjsua2":
            seen = len(colleague.child.lines)
            colleague.say(f"replace {daemon.uri('1002')} {browser.run('state.lamp[0].replaces')}")
            colleague.wait_event('"audio"', after=seen)
        else:
            browser.run("pickUp('1002')")
            browser.hears(530.0)
        caller.wait_call()
        assert rings.wait_ended()["status"] == 487
        browser.until("state.lamp[0].state === 'terminated'", "the lamp is out again")
        time.sleep(1.5)
        caller.hang_up()
        caller.wait_ended()
        if who == "pjsua2":
            colleague.wait_ended()
            assert wav.peak_frequency(wav.loudest(colleague.heard(), 1.0)) == pytest.approx(530.0, abs=2.0)
        else:
            browser.saw("ended")
        heard = wav.loudest(caller.heard(), 1.0)
        assert wav.peak_frequency(heard) == pytest.approx(620.0 if who == "pjsua2" else MICROPHONE, abs=2.0)


def test_a_browser_that_is_killed_ends_its_call(
    jssip: Path, site: tuple[Site, Daemon], tmp_path: Path
) -> None:
    """It says no BYE; DTLS or consent does (RFC 7675)."""
    _, daemon = site
    with opened(jssip, site, tmp_path) as browser:
        browser.dial("*43")
        browser.hears(MICROPHONE)
        assert daemon.metrics()["tandem_calls"] == 1
        call = browser.run("state.session._request.call_id")
        browser.run("state.session.connection.close()")
        deadline = time.monotonic() + 35
        while daemon.metrics()["tandem_calls"] and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1.2)
    ended = [row for row in daemon.trace(call) if row["event"] == "ended"]
    assert ended[0]["outcome"] in ("dtls_closed", "consent_lost")

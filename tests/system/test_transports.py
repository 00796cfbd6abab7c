"""Every transport, IPv4 and IPv6, from our own softphone through the daemon to the echo and back."""

import json
import shutil
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import dns, wav
from tests.support.address import loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon, tandem
from tests.support.process import wait_until
from tests.support.site import PORTS, Site

NUMBER = "12025550100"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Daemon]]:
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder)
    trunk = {
        "name": "carrier",
        "proxy": f"sip:{loopback()}",
        "auth": {"username": "us", "password": "theirs"},
    }
    did = {"number": NUMBER, "target": {"echo": True}, "strangers": False}
    with made.daemon(folder / "daemon", trunks=[trunk], dids=[did]) as daemon:
        yield made, daemon


def call(daemon: Daemon, uri: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
    credentials = ["--user", "1001", "--password", PASSWORDS["1001"], "--json"]
    status, said = daemon.tandem("call", uri, *credentials, *words)
    return status, [json.loads(line) for line in said.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("kind", PORTS)
def test_a_call_is_heard_and_ended(site: tuple[Site, Daemon], tmp_path: Path, kind: str, six: bool) -> None:
    made, daemon = site
    if six and not made.ports6:
        pytest.skip("this machine has no IPv6")
    heard = tmp_path / "heard.wav"
    tone = wav.write(tmp_path / "tone.wav", wav.tone(660.0, 1.0))
    words = ["--transport", kind, "--ca", str(made.authority.certificate), "--seconds", "2"]
    words += ["--play", str(tone), "--play-after", "0.3", "--record", str(heard)]
    status, said = call(daemon, made.uri("*43", kind, six), *words)
    assert status == 0, said
    assert said[-1]["outcome"]["good"] and said[-1]["stats"]["packets_received"] > 50
    signal, rate = wav.read(heard)
    assert wav.peak_frequency(wav.loudest(signal, 0.5, rate=rate), rate=rate) == pytest.approx(660, abs=3)
    listed = json.loads(daemon.tandem("calls", "--json", "--limit", "1")[1])
    (sent,) = [row for row in daemon.trace(listed["ended"][0]["id"]) if row["event"] == "INVITE"][-1:]
    assert f"SIP/2.0/{kind.upper()} " in json.dumps(sent)


@pytest.mark.parametrize("kind", ["tls", "wss"])
def test_a_trunk_proves_itself_by_digest(site: tuple[Site, Daemon], kind: str) -> None:
    """RFC 3261 §22.1: from wherever it calls, and at a DID that nobody else reaches."""
    made, daemon = site
    words = ["--transport", kind, "--ca", str(made.authority.certificate), "--seconds", "0.3", "--json"]
    words += ["--user", "us", "--password", "theirs"]
    status, said = daemon.tandem("call", made.uri(NUMBER, kind, six=False), *words)
    assert status == 0, said
    listed = json.loads(daemon.tandem("calls", "--json", "--limit", "1")[1])
    rows = daemon.trace(listed["ended"][0]["id"])
    assert any((row["event"], row.get("outcome")) == ("trunk", "carrier") for row in rows), rows


def test_a_phone_rings_no_longer_for_a_caller_who_is_gone_for_good(site: tuple[Site, Daemon]) -> None:
    """RFC 3261 §17.2.4, §18.2.2: his program was killed, and where his Via says nobody listens."""
    made, daemon = site
    words = [
        made.uri("1002", "tls", six=False),
        "--transport",
        "tls",
        "--ca",
        str(made.authority.certificate),
    ]
    words += ["--user", "1001", "--password", PASSWORDS["1001"]]
    udp = (made.address, PORTS["udp"])
    with (
        Phone(loopback(), udp, "1002", PASSWORDS["1002"]) as callee,
        tandem("call", *words) as caller,
    ):
        callee.register()
        invite = callee.incoming.get(timeout=20.0)
        callee.respond(invite, 180, "Ringing")
        caller.wait_for("[Rr]inging")
        caller.kill()
        wait_until(
            lambda: "CANCEL" in [told.method for told in callee.requests], 15.0, what="it is cancelled"
        )
        callee.respond(next(told for told in callee.requests if told.method == "CANCEL"), 200, "OK")
        callee.respond(invite, 487, "Request Terminated")
    listed = json.loads(daemon.tandem("calls", "--json", "--limit", "1")[1])
    assert listed["ended"][0]["cause"] == "connection_lost", listed


def test_a_certificate_of_nobody_ends_the_call_with_the_reason(site: tuple[Site, Daemon]) -> None:
    made, daemon = site
    status, said = call(daemon, made.uri("*43", "tls", six=False), "--transport", "tls")
    assert status == 1 and "certificate is not trusted" in json.dumps(said)
    status, said = call(
        daemon, made.uri("*43", "tls", six=False), "--transport", "tls", "--insecure", "--seconds", "0.2"
    )
    assert status == 0, said


def test_a_certificate_that_changed_on_disk_is_served_after_sighup(site: tuple[Site, Daemon]) -> None:
    """Issue 3, Transports: reload without restart."""
    made, daemon = site
    before = ssl.get_server_certificate((made.address, PORTS["tls"]))
    for new, old in zip(
        made.authority.issue("next", made.address), (made.certificate, made.key), strict=True
    ):
        shutil.copy(new, old)
    daemon.child.send(signal.SIGHUP)
    daemon.child.wait_for("certificate read again")
    after = ssl.get_server_certificate((made.address, PORTS["tls"]))
    assert after != before
    status, said = daemon.tandem("reload")
    assert status == 0 and "certificate" in said
    made.key.write_text("broken")
    status, said = daemon.tandem("reload", "--json")
    assert status == 1 and "not_reloaded" in said
    assert ssl.get_server_certificate((made.address, PORTS["tls"])) == after


@pytest.mark.parametrize("vouched", [True, False], ids=["known carrier", "stranger"])
def test_a_trunk_by_tls_is_used_only_when_its_certificate_is_good(tmp_path: Path, vouched: bool) -> None:
    """RFC 5922 §7: two daemons, the second plays the carrier."""
    ours = Site(tmp_path)
    (tmp_path / "carrier").mkdir()
    carrier = Site(tmp_path / "carrier", ours.authority if vouched else None)
    proxy = f"sip:{carrier.address}:{PORTS['tls']};transport=tls"
    trunk = {"name": "carrier", "proxy": proxy, "default": True}
    back = {"name": "us", "proxy": f"sip:{ours.address}:{PORTS['udp']}", "auth": {"ip": [ours.address]}}
    did = {"number": NUMBER, "target": {"echo": True}}
    with (
        carrier.daemon(tmp_path / "there", trunks=[back], dids=[did]) as there,
        ours.daemon(tmp_path / "here", trunks=[trunk]) as here,
    ):
        status, said = call(here, ours.uri(NUMBER, "udp", six=False), "--seconds", "1")
        if vouched:
            assert status == 0 and said[-1]["stats"]["packets_received"] > 20, said
            (ended,) = json.loads(there.tandem("calls", "--json")[1])["ended"]
            assert ended["disposition"] == "answered" and ended["cause"] == "caller_hangup"
        else:
            assert status == 1 and said[-1]["outcome"]["status"] == 500, said
            assert any("certificate is not trusted" in line for line in here.child.lines)
            assert json.loads(there.tandem("calls", "--json")[1])["ended"] == []


def test_we_register_by_tls_at_the_next_proxy_where_the_first_is_gone(tmp_path: Path) -> None:
    """RFC 3263 §4.3, RFC 5922 §7.3: the second proxy, too, proves to be the domain."""
    ours = Site(tmp_path)
    (tmp_path / "carrier").mkdir()
    carrier = Site(tmp_path / "carrier", ours.authority)
    certificate, key = ours.authority.issue("domain", "carrier.test")
    carrier.listen["tls"] |= {"certificate": str(certificate), "key": str(key)}
    port = PORTS["tls"]
    zone = {
        ("_sips._tcp.carrier.test", "SRV"): [f"10 0 {port} a.carrier.test.", f"20 0 {port} b.carrier.test."],
        ("a.carrier.test", "A"): [loopback()],
        ("b.carrier.test", "A"): [carrier.address],
    }
    register = {"username": "1001", "password": PASSWORDS["1001"], "retry": "1m"}
    trunk = {"name": "carrier", "proxy": "sip:carrier.test;transport=tls", "register": register}
    with carrier.daemon(tmp_path / "there") as there, dns.served(zone) as (address, asked):
        node = {"name": "here", "data": str(tmp_path / "here" / "data")}
        settings = {
            "listen": ours.listen,
            "node": node | {"nameservers": [{"address": address, "port": asked}]},
        }
        with Daemon(
            tmp_path / "here", account={"trunks": [trunk]}, settings=settings, address=ours.address
        ) as here:
            here.child.wait_for('"carrier".*"registered"', 20.0)
            assert there.metrics()["tandem_bindings"] == 1

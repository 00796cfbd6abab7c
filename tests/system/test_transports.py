"""Every transport, IPv4 and IPv6, from our own softphone through the daemon to the echo and back."""

import json
import shutil
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import wav
from tests.support.address import HTTP_PORT, SIP_PORT, loopback
from tests.support.authority import Authority
from tests.support.daemon import PASSWORDS, Daemon

PORTS = {"udp": SIP_PORT, "tcp": SIP_PORT, "tls": 15_061, "ws": 15_066, "wss": 15_067}


def ip6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_ports() -> dict[str, int]:
    """Ports of ::1, which has no aliases to choose from."""
    found = {}
    for kind in PORTS:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as probe:
            found[kind] = probe.getsockname()[1]
    return found


class Site:
    """A daemon with all listeners and a certificate of `authority`."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.address = loopback()
        self.listeners = [
            {"transport": kind, "address": self.address, "port": port} for kind, port in PORTS.items()
        ]
        self.ports6 = free_ports() if ip6() else {}
        self.listeners += [
            {"transport": kind, "address": "::1", "port": port} for kind, port in self.ports6.items()
        ]
        self.certificate, self.key = self.authority.issue("server", self.address, "::1")
        self.listen: dict[str, Any] = {
            "sip": self.listeners,
            "http": {"address": self.address, "port": HTTP_PORT},
            "rtp": {"address": self.address, "ports": [20_000, 29_999]},
            "tls": {"certificate": str(self.certificate), "key": str(self.key)},
        }

    def uri(self, number: str, kind: str, six: bool) -> str:
        host, port = ("[::1]", self.ports6[kind]) if six else (self.address, PORTS[kind])
        return f"sip:{number}@{host}:{port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Daemon]]:
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder)
    with Daemon(folder / "daemon", settings={"listen": made.listen}, address=made.address) as daemon:
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
    assert ssl.get_server_certificate((made.address, PORTS["tls"])) != before

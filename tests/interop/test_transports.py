"""Peers that we did not write, by TLS, WebSocket and IPv6 (issue 3, must be shown)."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from edge.sip.message import Request
from tests.support import wav
from tests.support.baresip import Baresip
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.site import PORTS, Site
from tests.support.softphone import Softphone
from tests.support.web_phone import WebPhone

OPTIONS = (
    "OPTIONS sip:demo.local SIP/2.0\r\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
    "From: <sip:a@demo.local>;tag=1\r\nTo: <sip:demo.local>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Site, Daemon]]:
    made = Site(tmp_path)
    with made.daemon(tmp_path / "daemon") as daemon:
        yield made, daemon


def test_baresip_registers_calls_and_is_called_by_tls(site: tuple[Site, Daemon], tmp_path: Path) -> None:
    """It listens on no port that we know: the call to it comes on the connection of its REGISTER."""
    made, _ = site
    server = (made.address, PORTS["tls"])
    ca = made.authority.certificate
    with (
        Baresip(
            tmp_path / "callee",
            server,
            "1001",
            PASSWORDS["1001"],
            speaks=wav.tone(440.0, 20.0),
            answers=True,
            transport="tls",
            ca=ca,
        ) as callee,
        Softphone(
            tmp_path / "caller",
            server,
            "1002",
            PASSWORDS["1002"],
            speaks=wav.tone(620.0, 5.0),
            transport="tls",
            ca=ca,
        ) as caller,
    ):
        callee.wait_registered()
        caller.wait_registered()
        caller.dial(f"sip:1001@{made.address}:{PORTS['tls']};transport=tls")
        callee.wait_event("CALL_ESTABLISHED")
        time.sleep(2.0)
        caller.hang_up()
        caller.wait_ended()
        callee.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        assert wav.peak_frequency(wav.loudest(callee.heard(), 1.0)) == pytest.approx(620.0, abs=2.0)
        assert wav.peak_frequency(wav.loudest(caller.heard(), 1.0)) == pytest.approx(440.0, abs=2.0)


def test_a_phone_does_not_register_with_a_server_that_nobody_vouches_for(
    site: tuple[Site, Daemon], tmp_path: Path
) -> None:
    made, _ = site
    other = tmp_path / "other"
    other.mkdir()
    stranger = Site(other).authority.certificate
    with Softphone(
        tmp_path / "phone",
        (made.address, PORTS["tls"]),
        "1001",
        PASSWORDS["1001"],
        speaks=wav.silence(1.0),
        transport="tls",
        ca=stranger,
    ) as phone:
        phone.child.wait_for('"refused"')


def test_baresip_calls_by_ipv6(site: tuple[Site, Daemon], tmp_path: Path) -> None:
    made, _ = site
    if not made.ports6:
        pytest.skip("this machine has no IPv6")
    with Baresip(
        tmp_path / "phone",
        ("[::1]", made.ports6["udp"]),
        "1001",
        PASSWORDS["1001"],
        speaks=wav.tone(440.0, 20.0),
        six=True,
    ) as phone:
        phone.wait_registered()
        phone.dial(made.uri("*43", "udp", six=True))
        time.sleep(2.0)
        phone.hang_up()
        phone.wait_event("CALL_CLOSED")
        time.sleep(0.3)
        assert wav.peak_frequency(wav.loudest(phone.heard(), 1.0)) == pytest.approx(440.0, abs=2.0)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_is_answered(site: tuple[Site, Daemon], version: str) -> None:
    made, _ = site
    said = openssl(made, version, "-verify_return_error", "-verify_ip", made.address)
    assert "SIP/2.0 200 OK" in said and "Verify return code: 0 (ok)" in said


def test_openssl_gets_no_old_version(site: tuple[Site, Daemon]) -> None:
    said = openssl(site[0], "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "SIP/2.0" not in said


def openssl(made: Site, *words: str) -> str:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed (apt install openssl)")
    command = [program, "s_client", "-connect", f"{made.address}:{PORTS['tls']}"]
    command += ["-CAfile", str(made.authority.certificate), "-crlf", *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        assert child.stdin is not None
        try:
            child.stdin.write(OPTIONS.replace("\r\n", "\n").encode())
            child.stdin.flush()
            time.sleep(1.0)
        except BrokenPipeError:
            pass
        return child.communicate(timeout=10)[0].decode(errors="replace")


SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 39990 RTP/AVP 0\r\n"


@pytest.mark.parametrize("kind", ["ws", "wss"])
async def test_a_websocket_phone_registers_calls_and_is_called(
    site: tuple[Site, Daemon], tmp_path: Path, kind: str
) -> None:
    """RFC 7118: `.invalid` hosts, everything on the one connection."""
    made, daemon = site
    context = ssl.create_default_context(cafile=made.authority.certificate) if kind == "wss" else None
    async with websockets.connect(
        f"{kind}://{made.address}:{PORTS[kind]}", subprotocols=[websockets.Subprotocol("sip")], ssl=context
    ) as socket:
        assert socket.subprotocol == "sip"
        phone = WebPhone(socket, kind.upper())
        me = "<sip:1001@demo.local>"
        assert (await phone.ask("REGISTER", "sip:demo.local", me, "Expires: 300\r\n")).status == 200
        accepted = await phone.ask("INVITE", "sip:*43@demo.local", "<sip:*43@demo.local>", body=SDP)
        assert accepted.status == 200 and b"m=audio" in accepted.body
        target = str(accepted.contacts[0].uri)
        assert "transport=ws" in target
        await phone.ack(target, accepted)
        assert (await phone.ask("BYE", target, accepted.headers.get("To") or "")).status == 200
        credentials = ["--user", "1002", "--password", PASSWORDS["1002"], "--seconds", "1"]
        calling = asyncio.create_task(
            asyncio.to_thread(daemon.tandem, "call", daemon.uri("1001"), *credentials)
        )
        while not (isinstance(invite := await phone.hear(), Request) and invite.method == "INVITE"):
            pass
        assert str(invite.uri) == "sip:1001@df7jal.invalid;transport=ws"
        assert invite.via.transport == kind.upper()
        await phone.reply(invite, 486)
        status, said = await calling
        assert status == 1 and "486" in said
    # The connection is gone, and so is the phone.
    await asyncio.sleep(0.2)
    status, said = await asyncio.to_thread(daemon.tandem, "call", daemon.uri("1001"), *credentials)
    assert status == 1 and "480" in said

"""sipvicious scans us, is banned, and finds nothing (issue 3, must be shown: security)."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.address import SIP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.sipvicious import HONEST, sipvicious

CAREFUL = "Yealink SIP-T46U 108.86.0.20"
"A scanner that says it is a phone."
PORT = ("-p", str(SIP_PORT), "-t", "0.05")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "daemon") as made:
        yield made


def bans(daemon: Daemon) -> dict[str, str]:
    """Address → reason, of those in force."""
    status, body = daemon.get("/security/bans?status=active")
    assert status == 200, body
    return {row["ip"]: row["reason"] for row in json.loads(body)["bans"]}


def answered(daemon: Daemon, source: str) -> bool:
    """Whether an OPTIONS from `source` gets a byte within half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(0.5)
        sock.sendto(
            (
                f"OPTIONS sip:1001@demo.local SIP/2.0\r\nVia: SIP/2.0/UDP {source};branch=z9hG4bKo;rport\r\n"
                f"From: <sip:1001@demo.local>;tag=1\r\nTo: <sip:1001@demo.local>\r\nCall-ID: o\r\n"
                "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n"
            ).encode(),
            daemon.sip,
        )
        try:
            return sock.recv(4_096) != b""
        except TimeoutError:
            return False


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("svmap", ()), ("svwar", ("-e", "1000-1003", "--force")), ("svcrack", ("-u", "1001", "-r", "1-9"))],
)
def test_the_first_packet_of_a_scanner_is_its_last(
    daemon: Daemon, tmp_path: Path, tool: str, arguments: tuple[str, ...]
) -> None:
    source = loopback()
    limit = () if tool == "svmap" else ("--maximumtime", "1")
    said = sipvicious(tmp_path / "s", tool, source, *PORT, *arguments, *limit, daemon.address)
    assert "SIP/2.0" not in said and "| 100" not in said, said
    assert bans(daemon) == {source: "scanner"}
    assert not answered(daemon, source) and answered(daemon, loopback())


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
def test_svwar_finds_no_extension_under_a_false_name_either(
    daemon: Daemon, tmp_path: Path, method: str
) -> None:
    """It gives up by itself where names that do not exist are challenged like those that do."""
    source = loopback()
    limit = ("--force", "--maximumtime", "2")
    said = sipvicious(
        tmp_path / "s",
        "svwar",
        source,
        *(*PORT, "-m", method, "-e", "985-1010", *limit, daemon.address),
        user_agent=CAREFUL,
    )
    assert "1001" not in said and "1002" not in said, said
    if method == "OPTIONS":
        assert bans(daemon) == {source: "enumeration"}, said
        assert not answered(daemon, source) and answered(daemon, loopback())
    else:
        assert "Bad user = SIP/2.0 401" in said and "found nothing" in said


def test_svcrack_finds_no_password_even_where_it_is_in_the_list(daemon: Daemon, tmp_path: Path) -> None:
    source = loopback()
    words = tmp_path / "words"
    words.write_text("\n".join([f"guess-{n}" for n in range(40)] + [PASSWORDS["1001"]]) + "\n")
    said = sipvicious(
        tmp_path / "s",
        "svcrack",
        source,
        *(*PORT, "-u", "1001", "-d", str(words), "--maximumtime", "2", daemon.address),
        user_agent=CAREFUL,
    )
    assert PASSWORDS["1001"] not in said and bans(daemon) == {source: "failed_auth"}, said
    assert not answered(daemon, source)


def test_svcrack_beside_registered_phones_locks_its_victim_there_and_nobody_else(
    daemon: Daemon, tmp_path: Path
) -> None:
    source = loopback()
    words = tmp_path / "words"
    words.write_text("\n".join([f"guess-{n}" for n in range(40)] + [PASSWORDS["1001"]]) + "\n")
    cracking = (*PORT, "-u", "1001", "-d", str(words), "--maximumtime", "2", daemon.address)
    with (
        Phone(source, daemon.sip, "1002", PASSWORDS["1002"]) as colleague,
        Phone(source, daemon.sip, "1001", PASSWORDS["1001"]) as desk,
    ):
        assert colleague.register().status == 200 and desk.register().status == 200
        said = sipvicious(tmp_path / "s", "svcrack", source, *cracking, user_agent=CAREFUL)
        assert PASSWORDS["1001"] not in said and bans(daemon) == {}, said
        status, listed = daemon.tandem("bans", "list", "--json")
        assert status == 0
        assert [(row["ip"], row["username"]) for row in json.loads(listed)["locks"]] == [
            (source, "1001@demo.local")
        ]
        assert colleague.register().status == 200 and desk.register().status == 200
        with Phone(source, daemon.sip, "1001", PASSWORDS["1001"]) as anew:
            assert anew.register().status == 200, "a phone that starts anew has another port"
        with Phone(source, daemon.sip, "1001", "guess") as guesser:
            assert guesser.register().status == 403
            assert daemon.tandem("bans", "remove", source)[0] == 0
            assert guesser.register().status == 401


def test_a_ban_survives_a_crash_until_an_operator_allows_its_source(daemon: Daemon, tmp_path: Path) -> None:
    source = loopback()
    sipvicious(tmp_path / "s", "svmap", source, *PORT, daemon.address)
    status, listed = daemon.tandem("bans", "list", "--json")
    assert status == 0 and [row["ip"] for row in json.loads(listed)["bans"]] == [source]
    daemon.restart(kill=True)
    assert bans(daemon) == {source: "scanner"} and not answered(daemon, source)
    status, output = daemon.tandem("allow", "add", source, "--note", "our own auditor")
    assert status == 0, output
    assert bans(daemon) == {} and answered(daemon, source)
    daemon.restart(kill=True)
    said = sipvicious(tmp_path / "s", "svmap", source, *PORT, daemon.address, user_agent=HONEST)
    assert "found nothing" not in said and bans(daemon) == {}, said

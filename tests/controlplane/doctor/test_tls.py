"""What is wrong with a certificate, and with what a phone meets at a listener (issue 3, *Transports*)."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.schema import SipListener, SipTransport, Tls
from controlplane.doctor import tls
from controlplane.doctor.finding import Finding, Verdict
from tests.support.address import loopback
from tests.support.authority import Authority

NOW = datetime.now(UTC)
DOMAIN = "pbx.example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def judged(files: Tls, *names: str, now: datetime = NOW) -> Finding:
    return tls.listener(
        SipListener(transport=SipTransport.TLS, port=5061), files, names or [DOMAIN], now, running=False
    )


def test_a_certificate_is_good_for_a_while(authority: Authority) -> None:
    files = authority.tls("server", DOMAIN, days=90)
    for days, verdict in ((0, Verdict.OK), (80, Verdict.WARN), (91, Verdict.FAIL), (-2, Verdict.FAIL)):
        now = NOW + timedelta(days=days)
        assert tls.certificate(files, now).verdict is verdict, days
        assert judged(files, now=now).verdict is verdict, days
    assert "renew" in judged(files, now=NOW + timedelta(days=91)).fix
    assert "clock" in judged(files, now=NOW - timedelta(days=2)).fix


def test_no_certificate_an_unreadable_one_and_a_foreign_key(authority: Authority, tmp_path: Path) -> None:
    assert tls.certificate(None, NOW).verdict is Verdict.OK
    good, other = authority.tls("server", DOMAIN), authority.tls("other", DOMAIN)
    (tmp_path / "junk.pem").write_text("no certificate")
    for bad, word in (
        (Tls(certificate=tmp_path / "none.pem", key=good.key), "No such file"),
        (Tls(certificate=good.certificate, key=tmp_path / "none.key"), "No such file"),
        (Tls(certificate=good.certificate, key=other.key), "does not belong"),
        (Tls(certificate=tmp_path / "junk.pem", key=good.key), "no PEM"),
    ):
        for finding in (tls.certificate(bad, NOW), judged(bad)):
            assert finding.verdict is Verdict.FAIL and word in finding.found and finding.fix, finding


@pytest.mark.parametrize(
    ("identity", "name", "verdict"),
    [
        (DOMAIN, DOMAIN, Verdict.OK),
        ("*.example.com", DOMAIN, Verdict.OK),
        ("sip:pbx.example.com", DOMAIN, Verdict.OK),
        ("192.0.2.1", "192.0.2.1", Verdict.OK),
        ("old.example.com", DOMAIN, Verdict.WARN),
        (DOMAIN, "192.0.2.1", Verdict.WARN),
    ],
)
def test_the_certificate_names_what_phones_dial(
    authority: Authority, identity: str, name: str, verdict: Verdict
) -> None:
    """RFC 5922 §7."""
    found = judged(authority.tls("server", identity, days=90), name)
    assert found.verdict is verdict and (verdict is Verdict.OK or name in found.found), found


def test_one_that_names_nobody_is_of_no_use(authority: Authority) -> None:
    found = judged(authority.tls("server", days=90))
    assert found.verdict is Verdict.FAIL and "subjectAltName" in found.fix


def test_one_of_an_authority_that_nobody_knows_is_said_to_be_so(authority: Authority) -> None:
    signed = authority.tls("server", DOMAIN, days=90)
    found = judged(Tls(certificate=signed.certificate, key=signed.key))
    assert found.verdict is Verdict.WARN and "issuer" in found.found and "listen.tls.ca" in found.fix


def test_phones_are_told_domains_and_the_address_of_the_node() -> None:
    assert tls.dialled(["a", "b", "a"], "auto") == ["a", "b"]
    assert tls.dialled(["a"], "192.0.2.1") == ["a", "192.0.2.1"]
    assert tls.dialled(["a"], "edge.example.com") == ["a"]


@pytest.fixture
def serving(authority: Authority, request: pytest.FixtureRequest) -> Iterator[tuple[SipListener, Tls]]:
    """A server with a certificate, or with what `request.param` says to whoever connects."""
    files = authority.tls("server", DOMAIN, days=90)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    said = getattr(request, "param", None)
    with socket.create_server((loopback(), 0)) as server:

        def serve() -> None:
            for _ in range(2):
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with plain:
                    if said is not None:
                        plain.sendall(said)
                        continue
                    try:
                        context.wrap_socket(plain, server_side=True).close()
                    except OSError:
                        continue  # it does not trust us

        thread = threading.Thread(target=serve)
        thread.start()
        address, port = server.getsockname()
        yield SipListener(transport=SipTransport.TLS, address=address, port=port), files
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10.0)


def test_a_running_daemon_is_asked_by_a_handshake(serving: tuple[SipListener, Tls]) -> None:
    place, files = serving
    found = tls.listener(place, files, [DOMAIN], NOW, running=True)
    assert found.verdict is Verdict.OK and DOMAIN in found.found, found


def test_what_it_shows_is_seen_though_it_is_not_trusted(serving: tuple[SipListener, Tls]) -> None:
    place, files = serving
    unknown = Tls(certificate=files.certificate, key=files.key)
    found = tls.listener(place, unknown, [DOMAIN], NOW, running=True)
    assert found.verdict is Verdict.WARN and "issuer" in found.found, found


@pytest.mark.parametrize("serving", [b"SIP/2.0 400 Bad Request\r\n\r\n"], indirect=True)
def test_who_speaks_no_tls_there_is_found(serving: tuple[SipListener, Tls]) -> None:
    place, files = serving
    found = tls.listener(place, files, [DOMAIN], NOW, running=True)
    assert found.verdict is Verdict.FAIL and "no handshake" in found.found, found


def test_a_listener_that_is_not_there_is_found(authority: Authority) -> None:
    with socket.create_server((loopback(), 0)) as server:
        address, port = server.getsockname()
    place = SipListener(transport=SipTransport.TLS, address=address, port=port)
    found = tls.listener(place, authority.tls("server", DOMAIN), [DOMAIN], NOW, running=True)
    assert found.verdict is Verdict.FAIL and "restart" in found.fix, found

"""Ports and addresses."""

import socket
from pathlib import Path

import pytest

from config.schema import HttpListener, RtpListener, SipListener, SipTransport
from controlplane.doctor import network
from controlplane.doctor.finding import Verdict

HERE = "127.0.0.1"


def busy(kind: socket.SocketKind) -> tuple[socket.socket, int]:
    held = socket.socket(socket.AF_INET, kind)
    held.bind((HERE, 0))
    if kind is socket.SOCK_STREAM:
        held.listen(1)
    return held, held.getsockname()[1]


@pytest.mark.parametrize("transport", [SipTransport.UDP, SipTransport.TCP])
def test_a_busy_port_is_ours_or_anothers(transport: SipTransport) -> None:
    held, port = busy(socket.SOCK_DGRAM if transport is SipTransport.UDP else socket.SOCK_STREAM)
    listener = SipListener(transport=transport, address=HERE, port=port)
    with held:
        assert network.sip_port(listener, running=True).found == "in use by the running daemon"
        finding = network.sip_port(listener, running=False)
        assert finding.verdict is Verdict.FAIL and "listen.sip" in finding.fix
    assert network.sip_port(listener, running=False).found == "free"
    assert network.sip_port(listener, running=True).verdict is Verdict.WARN


def test_an_address_of_another_machine() -> None:
    finding = network.http_port(HttpListener(address="192.0.2.1", port=8080), running=False)
    assert finding.verdict is Verdict.FAIL and "no such address" in finding.found


def test_rtp_ports_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = RtpListener(address=HERE, ports=(20_000, 20_199))
    monkeypatch.setattr(network, "_shared_with_others", lambda low, high: "")
    monkeypatch.setattr(network, "_bind", lambda kind, address, port: 0)
    finding = network.rtp_ports(listener)
    assert finding.verdict is Verdict.OK and "room for 100 legs; 0 of" in finding.found
    monkeypatch.setattr(network, "_bind", lambda kind, address, port: network.errno.EADDRINUSE)
    assert network.rtp_ports(listener).verdict is Verdict.FAIL


def test_a_range_that_the_system_hands_out_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "range"
    file.write_text("32768\t60999\n")
    assert network._shared_with_others(20_000, 29_999, file) == ""
    assert network._shared_with_others(30_000, 33_000, file) == "32768–60999"
    assert network._shared_with_others(1, 2, tmp_path / "missing") == ""


def test_the_public_address_is_known_or_asked_for() -> None:
    assert network.public_address("auto", "8.8.8.8").verdict is Verdict.OK
    assert network.public_address("auto", "10.0.0.5").verdict is Verdict.WARN
    assert network.public_address("auto", None).verdict is Verdict.WARN
    configured = network.public_address("203.0.113.7", "10.0.0.5")
    assert configured.verdict is Verdict.OK and "forward" in configured.found
    assert network.public_address("203.0.113.7", "203.0.113.7").found.endswith("own")


def test_asking_for_our_address_sends_nothing() -> None:
    address = network.facing_address()
    assert address is None or address.count(".") == 3

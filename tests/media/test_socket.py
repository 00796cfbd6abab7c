"""Rows of datagrams over sockets of the in-memory network."""

import pytest

from media.ports import PortPool
from media.socket import NoPort, UdpWire
from tests.support.datagram import Network

HOST = "198.51.100.1"
PEER = ("203.0.113.1", 4000)


def wire(network: Network, slots: int = 4) -> UdpWire:
    return UdpWire(slots, PortPool(20000, 20003), network.bind, network.watch)


def test_rows_say_whose_they_are_and_how_long() -> None:
    network = Network()
    udp = wire(network)
    peer = network.bind(*PEER)
    for slot in (2, 1):
        udp.lock(slot, PEER) if udp.open(slot, HOST) else None
    peer.sendto(b"to two", (HOST, 20000))
    missed: list[int] = []
    assert udp.receive([1, 2], missed) == 1
    assert (missed, udp.owner[0], bytes(udp.row(0))) == ([1], 2, b"to two")


def test_a_locked_socket_hears_its_source_alone_and_an_unlocked_one_everybody() -> None:
    network = Network()
    udp = wire(network)
    peer, stranger = network.bind(*PEER), network.bind("198.51.100.66", 666)
    port = udp.open(0, HOST)
    udp.lock(0, PEER)
    stranger.sendto(b"no", (HOST, port))
    assert udp.receive([0], []) == 0
    udp.unlock(0, PEER)
    stranger.sendto(b"yes", (HOST, port))
    received = udp.receive_from(0)
    assert received is not None and (bytes(received[0]), received[1]) == (b"yes", stranger.at)
    udp.transmit([0], {})
    assert len(peer.queue) == 1 and not stranger.queue


def test_another_datagram_takes_the_place_of_a_row_only_once_and_an_empty_one_sends_nothing() -> None:
    network = Network()
    udp = wire(network)
    peer = network.bind(*PEER)
    udp.open(0, HOST)
    udp.aim(0, PEER)
    udp.open(1, HOST)
    udp.aim(1, PEER)
    udp.transmit([0, 1], {0: b"", 1: bytes(16)})
    udp.transmit([0], {})
    assert [len(data) for data, _ in peer.queue] == [16, 172]


def test_rows_that_have_grown_are_sent_whole_and_another_datagram_still_takes_their_place() -> None:
    network = Network()
    udp = wire(network)
    peer = network.bind(*PEER)
    for slot in range(2):
        udp.open(slot, HOST)
        udp.aim(slot, PEER)

    def sizes() -> list[int]:
        sent = [len(data) for data, _ in peer.queue]
        peer.queue.clear()
        return sent

    udp.transmit([0, 1], {}, udp.sealed(None, [182, 182], 2))
    assert sizes() == [182, 182]
    udp.transmit([0, 1], {}, udp.sealed(None, [176, 188], 2))
    assert sizes() == [176, 188]
    udp.transmit([0, 1], {0: b""}, udp.sealed([1], [182], 2))
    udp.transmit([0, 1], {1: bytes(9)}, udp.sealed([0], [182], 2))
    assert sizes() == [182, 182, 9]
    udp.transmit([0, 1], {})
    assert sizes() == [172, 172], "rows are as they were"


def test_a_leg_without_sockets_neither_hears_nor_sends() -> None:
    udp = wire(Network())
    missed: list[int] = []
    assert udp.receive([3], missed) == 0 and missed == [3]
    udp.transmit([3], {})
    assert udp.receive_from(3) is None and udp.errors == 0


def test_ports_come_back_to_the_pool() -> None:
    udp = wire(Network())
    assert (udp.open(0, HOST), udp.open(1, HOST)) == (20000, 20002)
    with pytest.raises(NoPort):
        udp.open(2, HOST)
    udp.close(0)
    assert udp.open(2, HOST) == 20000


def test_only_legs_with_rtcp_to_read_are_named() -> None:
    network = Network()
    udp = wire(network)
    peer = network.bind(*PEER)
    for slot in (0, 1):
        udp.open(slot, HOST)
    peer.sendto(b"report", (HOST, 20003))
    assert udp.rtcp_ready(8) == [1]
    received = udp.receive_rtcp(1)
    assert received is not None and (bytes(received[0]), received[1]) == (b"report", PEER)
    assert udp.rtcp_ready(8) == [] and udp.receive_rtcp(1) is None
    peer.sendto(b"report", (HOST, 20003))
    udp.close(1)
    assert udp.rtcp_ready(8) == []


def test_only_legs_that_are_not_locked_and_have_something_to_read_are_named() -> None:
    network = Network()
    udp = wire(network)
    peer = network.bind(*PEER)
    ports = [udp.open(slot, HOST) for slot in (0, 1)]
    assert udp.ready() == []
    for port in ports:
        peer.sendto(b"audio", (HOST, port))
    assert sorted(udp.ready()) == [0, 1]
    udp.lock(0, PEER)
    assert udp.ready() == [1] and udp.receive_from(1) is not None and udp.ready() == []
    udp.unlock(0, PEER)
    peer.sendto(b"more", (HOST, ports[0]))
    assert udp.ready() == [0]
    udp.close(0)
    assert udp.ready() == []


def test_a_port_lost_while_unlocking_makes_the_leg_deaf_and_mute() -> None:
    network = Network()
    udp = wire(network)
    port = udp.open(0, HOST)
    udp.lock(0, PEER)
    network.busy.add((HOST, port))
    udp.unlock(0, PEER)
    assert udp.errors == 1 and udp.receive([0], []) == 0
    udp.transmit([0], {})
    udp.unlock(0, PEER)
    udp.close(0)

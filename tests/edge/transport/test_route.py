"""Our own address towards a peer; loopback and documentation addresses only, nothing is sent."""

from edge.transport.route import LocalAddresses


def test_the_route_tells_our_address_and_is_asked_once_a_minute() -> None:
    now = [0.0]
    addresses = LocalAddresses(lambda: now[0])
    assert addresses.towards("127.0.0.9") == "127.0.0.1"
    assert addresses.towards("::1") in ("::1", None)  # None where the machine has no IPv6
    addresses._known["127.0.0.9"] = "kept"
    now[0] = 59.9
    assert addresses.towards("127.0.0.9") == "kept"
    now[0] = 60.0
    assert addresses.towards("127.0.0.9") == "127.0.0.1"


def test_no_route_and_no_address_are_none() -> None:
    addresses = LocalAddresses(lambda: 0.0)
    assert addresses.towards("255.255.255.255") is None
    assert addresses.towards("not:an:address") is None


def test_answers_kept_are_bounded() -> None:
    addresses = LocalAddresses(lambda: 0.0)
    for number in range(5_000):
        addresses._known[str(number)] = None
    addresses.towards("127.0.0.1")
    assert len(addresses._known) == 1

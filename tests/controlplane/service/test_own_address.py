"""Which addresses are ours (design §6, a host that is one of our own addresses)."""

from controlplane.service.own_address import Networks, OwnAddresses


def test_what_we_listen_on_and_the_public_address_are_ours() -> None:
    own = OwnAddresses(["192.0.2.1", "2001:db8::1"], public="203.0.113.7")
    assert "192.0.2.1" in own and "203.0.113.7" in own
    assert "[2001:DB8:0::1]" in own and "localhost" in own
    assert "192.0.2.2" not in own and "127.0.0.1" not in own
    assert "demo.local" not in own and "" not in own and 5 not in own


def test_listening_on_all_means_every_address_of_this_machine() -> None:
    own = OwnAddresses(["0.0.0.0"])
    assert "127.0.0.1" in own and "127.9.9.9" in own
    assert "192.0.2.1" not in own and "0.0.0.0" not in own
    assert "::1" not in own, "that is another family"


def test_networks_hold_addresses_also_in_ipv4_mapped_form() -> None:
    networks = Networks(["192.0.2.0/24", "fe80::/10"])
    assert "192.0.2.9" in networks and "::ffff:192.0.2.9" in networks and "fe80::1%eth0" in networks
    assert "192.0.3.9" not in networks and "" not in networks and 5 not in networks
    assert "192.0.2.9" not in Networks([])

"""STUN servers by name."""

import socket

from controlplane.stun import stun_servers


async def test_numeric_servers_are_taken_as_they_are_and_unknown_ones_left_out() -> None:
    names = [("192.0.2.1", 3478), ("no-such-host.invalid", 3478), ("2001:db8::1", 3478)]
    assert await stun_servers(names, socket.AF_INET) == (("192.0.2.1", 3478),)

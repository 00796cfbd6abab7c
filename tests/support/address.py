"""A loopback address per test, so that ports of tests that run at once never meet.

All of 127.0.0.0/8 is ours on Linux: a peer on an address of its own may use any RTP range. The well-known
ports are left alone, since a daemon that runs on 0.0.0.0 holds them on every address.
"""

import os
import socket
from itertools import count

SIP_PORT = 15_060
HTTP_PORT = 18_080
_numbers = count(1)


def loopback() -> str:
    """An address nobody else in this run uses: 127.a.b.c, with a.b from the process id."""
    number = next(_numbers)
    assert number < 250, "more peers in one process than addresses"
    return f"127.{1 + os.getpid() // 250 % 250}.{1 + os.getpid() % 250}.{number}"


def free_tcp_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port

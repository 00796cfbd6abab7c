"""A loopback address per test, so that ports of tests that run at once never meet.

All of 127.0.0.0/8 is ours on Linux: a peer on an address of its own may use any RTP range. The well-known
ports are left alone, since a daemon that runs on 0.0.0.0 holds them on every address.
"""

import os
import socket
from itertools import count

SIP_PORT = 15_060
HTTP_PORT = 18_080
BLOCKS = 8
"Of 250 addresses."
_numbers = count()


def loopback() -> str:
    """An address nobody else in this run uses: a process has `BLOCKS` blocks 127.a.b.0/24 by its id."""
    block, place = divmod(next(_numbers), 250)
    assert block < BLOCKS, "more peers in one process than addresses"
    block += os.getpid() * BLOCKS
    return f"127.{1 + block // 250 % 250}.{1 + block % 250}.{1 + place}"


def free_tcp_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port

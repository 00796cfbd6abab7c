"""What the kernel alone asks for: one receive and one send on a socket of its own, with nothing in between.

Measured before and after each load: it differs by a factor between machines, and on a shared one between
minutes. What a load costs says little by itself, and by this it can be compared.
"""

import os
import socket
import time

from tests.support.address import loopback

SOCKETS = 400
PACKET = bytes(172)


def floor(seconds: float, cpu: int | None) -> float:
    """CPU of one packet received and sent [µs]."""
    before = os.sched_getaffinity(0)
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    here, there = loopback(), loopback()
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((there, 0))
    ours = []
    for _ in range(SOCKETS):
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.bind((here, 0))
        each.connect(peer.getsockname())
        ours.append(each)
    row = memoryview(bytearray(2048))
    pairs, used = 0, 0.0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            for each in ours:
                peer.sendto(PACKET, each.getsockname())
            began = time.process_time()
            for each in ours:
                each.send(row[: each.recv_into(row)])
            used += time.process_time() - began
            pairs += SOCKETS
    finally:
        for each in (peer, *ours):
            each.close()
        os.sched_setaffinity(0, before)
    return used / pairs * 1e6

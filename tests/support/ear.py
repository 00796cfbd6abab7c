"""An RTP socket with a thread of its own, for calls that another program signals.

It speaks to whoever speaks to it first: the daemon sends to the address in the SDP before it has
heard anything.
"""

import selectors
import socket
import threading
import time
from typing import Self

from tests.support.address import loopback
from tests.support.stream import Stream


class Ear(Stream):
    def __init__(self, address: str = "", port: int = 6000) -> None:
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtp.bind((address or loopback(), port))
        super().__init__(rtp)
        self.address: tuple[str, int] = rtp.getsockname()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ear", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5.0)
        self.rtp.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.rtp, selectors.EVENT_READ)
            while not self._stop.is_set():
                started = self.remote_rtp is not None
                wait = max(0.0, self.next_frame_at - time.monotonic()) if started else 0.05
                readable = selector.select(wait)
                now = time.monotonic()
                if readable:
                    source = self.receive_packet(now)
                    if not started and source is not None:
                        self.remote_rtp, self.next_frame_at = source, now
                while self.remote_rtp is not None and self.next_frame_at <= now:
                    self.send_frame(now)
                    self.next_frame_at += 0.02

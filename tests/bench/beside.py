"""What goes on beside the audio: HTTP requests and SIP transactions at a steady rate.

Prints one JSON line when its input is closed: how many were answered, and how long they took.
"""

import http.client
import json
import socket
import sys
import threading
import time

import numpy as np

PATHS = ("/healthz", "/calls?limit=20", "/metrics", "/readyz")


class Requests(threading.Thread):
    """`rate` requests a second on one connection that stays open."""

    def __init__(self, host: str, port: int, rate: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._to = (host, port)
        self._rate = rate
        self._ended = stop
        self.latencies: list[float] = []
        self.failed = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection(*self._to, timeout=5)
        due = time.monotonic()
        while not self._ended.is_set():
            due += 1 / self._rate
            began = time.monotonic()
            try:
                connection.request("GET", PATHS[len(self.latencies) % len(PATHS)])
                connection.getresponse().read()
                self.latencies.append(time.monotonic() - began)
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()
            self._ended.wait(max(0.0, due - time.monotonic()))
        connection.close()


class Options(threading.Thread):
    """`rate` OPTIONS a second."""

    def __init__(self, source: str, server: tuple[str, int], rate: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((source, 0))
        self._socket.settimeout(2.0)
        self._server = server
        self._rate = rate
        self._ended = stop
        self.latencies: list[float] = []
        self.failed = 0

    def run(self) -> None:
        host, port = self._socket.getsockname()
        due, number = time.monotonic(), 0
        while not self._ended.is_set():
            due += 1 / self._rate
            number += 1
            began = time.monotonic()
            self._socket.sendto(
                (
                    f"OPTIONS sip:{self._server[0]} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKo{number};rport\r\nMax-Forwards: 70\r\n"
                    f"From: <sip:beside@{host}>;tag=1\r\nTo: <sip:{self._server[0]}>\r\n"
                    f"Call-ID: o{number}@{host}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
                ).encode(),
                self._server,
            )
            try:
                self._socket.recv(4096)
                self.latencies.append(time.monotonic() - began)
            except OSError:
                self.failed += 1
            self._ended.wait(max(0.0, due - time.monotonic()))
        self._socket.close()


def main(source: str, host: str, http_port: int, sip_port: int, http_rate: float, sip_rate: float) -> None:
    stop = threading.Event()
    # Four connections, as four clients would have.
    threads: list[Requests | Options] = [Requests(host, http_port, http_rate / 4, stop) for _ in range(4)]
    threads.append(Options(source, (host, sip_port), sip_rate, stop))
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join(6.0)
    waited = np.array([value for thread in threads[:4] for value in thread.latencies] or [np.nan]) * 1000
    told = {
        "http": sum(len(thread.latencies) for thread in threads[:4]),
        "sip": len(threads[4].latencies),
        "failed": sum(thread.failed for thread in threads),
        "http_p99_ms": float(np.percentile(waited, 99)),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), float(sys.argv[6]))

"""SIP mirrored to Homer: one HEP version 3 datagram for each message (draft of sipcapture.org, rev. 36).

::

    "HEP3" length ─ chunks (vendor 0, type, length, value): addresses, time, agent id, key, call, message

What is sent is nobody's business but the capture server's: proofs of passwords and keys of SRTP are blanked,
as in traces. It never blocks: what the kernel has no room for is dropped and counted.
"""

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Callable
from typing import Final

from config.value import dataclass
from edge.trace.secret import blanked

_SIP: Final = 1
_TCP, _UDP = 6, 17
_LONGEST: Final = 65_000  # of a datagram, with room for the chunks [bytes]
_CALLS: Final = 10_000  # SIP Call-IDs whose call is remembered
_HEAD: Final = struct.Struct("!HHH")

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Captured:
    message: bytes
    source: Endpoint
    destination: Endpoint
    reliable: bool
    "Over a connection."
    microseconds: int
    "When it came or left [µs UTC]."
    correlation: str
    "The same for all legs of a call."


def encode(captured: Captured, agent: int, key: str) -> bytes:
    """One packet. Args: agent: capture id; key: authenticates us, empty: none."""
    source, destination = (ipaddress.ip_address(end[0]) for end in (captured.source, captured.destination))
    six = source.version == 6
    seconds, micros = divmod(captured.microseconds, 1_000_000)
    chunks = [
        _chunk(1, bytes([socket.AF_INET6 if six else socket.AF_INET])),
        _chunk(2, bytes([_TCP if captured.reliable else _UDP])),
        _chunk(5 if six else 3, source.packed),
        _chunk(6 if six else 4, destination.packed),
        _chunk(7, captured.source[1].to_bytes(2, "big")),
        _chunk(8, captured.destination[1].to_bytes(2, "big")),
        _chunk(9, seconds.to_bytes(4, "big")),
        _chunk(10, micros.to_bytes(4, "big")),
        _chunk(11, bytes([_SIP])),
        _chunk(12, agent.to_bytes(4, "big")),
    ]
    if key:
        chunks.append(_chunk(14, key.encode()))
    chunks.append(_chunk(17, captured.correlation.encode("utf-8", "replace")[:1_024]))
    chunks.append(_chunk(15, captured.message))
    body = b"".join(chunks)
    return b"HEP3" + (len(body) + 6).to_bytes(2, "big") + body


def _chunk(kind: int, value: bytes) -> bytes:
    return _HEAD.pack(0, kind, len(value) + _HEAD.size) + value


class HepMirror:
    """Opens its socket at once; `server` is numeric."""

    def __init__(self, server: Endpoint, agent: int, key: str, wall_ms: Callable[[float], int]) -> None:
        self._server = server
        self._agent = agent
        self._key = key
        self._wall_ms = wall_ms
        self._calls: dict[str, str] = {}
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.sent = 0
        self.dropped = 0
        "Messages that were not mirrored: too long, or no room."

    def correlation(self, call_id: str, call: str | None) -> str:
        """What the messages of one SIP Call-ID are found by: the call that they belong to.

        Args: call: None where there is none, or none any more: its last messages come when it is over.
        """
        if call is None:
            return self._calls.get(call_id, call_id)
        if call_id not in self._calls:
            if len(self._calls) >= _CALLS:
                del self._calls[next(iter(self._calls))]
            self._calls[call_id] = call
        return call

    def mirror(
        self,
        message: bytes,
        source: Endpoint,
        destination: Endpoint,
        now: float,
        *,
        reliable: bool,
        correlation: str,
    ) -> None:
        if len(message) > _LONGEST:
            self.dropped += 1
            return
        micros = self._wall_ms(now) * 1_000
        captured = Captured(blanked(message), source, destination, reliable, micros, correlation)
        try:
            self._socket.sendto(encode(captured, self._agent, self._key), self._server)
            self.sent += 1
        except (OSError, ValueError):
            self.dropped += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()

"""Byte stream → the bytes of whole messages (RFC 3261 §7.5, §18.3) and keep-alives (RFC 5626 §3.5.1).

::

    connection ── bytes ──▶ Framer ── [message bytes] ──▶ parse_message
    connection ◀── CRLF × take_pongs()

Whatever the size of the pieces, each byte is looked at a bounded number of times.

A message without Content-Length and Content-Type has no body (§20.15): some stacks leave both out, although
§20.14 asks for the length. Lines that end in a bare LF are refused, here as in datagrams.
"""

import re
from typing import Final

from config.schema import SipLimits
from edge.sip.grammar import number

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

_END: Final = b"\r\n\r\n"
_BARE_ENDS: Final = (b"\n\n", b"\n\r\n")
_FOLD = re.compile(rb"\r\n[ \t]++")
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*+:[ \t]*+([^\r\n]*+)", re.IGNORECASE)
_TYPE = re.compile(rb"\r\n(?:content-type|c)[ \t]*+:", re.IGNORECASE)
_SIP = re.compile(rb"[^\r\n]*+(?<= SIP/2\.0)\r\n|SIP/2\.0 ")  # whatever else speaks is hung up on
_MISSING: Final = b"\r\nContent-Length:"


class Framer:
    """One connection's inbound stream."""

    __slots__ = ("_buffer", "_limits", "_need", "_pongs", "_searched", "_unusable", "fault")

    def __init__(self, limits: SipLimits) -> None:
        self.fault: str = ""
        "Why the connection must be closed once the messages in hand are served; empty while all is well."
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0  # bytes from the start that hold no end of headers
        self._need = 0  # length of the message whose headers are complete, 0 before [bytes]
        self._pongs = 0
        self._unusable = b""

    def receive(self, data: bytes) -> list[bytes]:
        """Messages completed by `data`, oldest first. After a `fault` nothing more is taken.

        Where no end can be found, by a usable Content-Length or at all, the headers are handed on for the
        parser to refuse them: so their sender reads in a 400 why the connection ends.
        """
        messages: list[bytes] = []
        if self.fault:
            return messages
        buffer = self._buffer
        buffer += data
        start = 0
        while not self.fault:
            if self._need == 0:
                start = self._skip_line_ends(start)
                if not self._headers_end(start):
                    break
            end = start + self._need
            if end > len(buffer):
                break
            messages.append(bytes(buffer[start:end]))
            start = end
            self._need = self._searched = 0
        if start:
            del buffer[:start]
        if self.fault:
            buffer.clear()
            if self._unusable:
                messages.append(self._unusable)
        return messages

    @property
    def between_messages(self) -> bool:
        """Nothing is held that a message could have begun with."""
        return not self._buffer

    def take_pongs(self) -> int:
        """How many `PONG`s to send for the pings since the last call (RFC 5626 §4.4.1)."""
        pongs, self._pongs = self._pongs, 0
        return pongs

    def _skip_line_ends(self, start: int) -> int:
        """Where the next message starts. A CRLF that may be half of a ping stays."""
        buffer = self._buffer
        while buffer.startswith(b"\r\n", start):
            if buffer.startswith(PING, start):
                self._pongs += 1
                start += 4
            elif len(buffer) - start < 4 and PING.startswith(buffer[start:]):
                break
            else:
                start += 2
        return start

    def _headers_end(self, start: int) -> bool:
        """Whether the headers of the message at `start` are complete; then `_need` is its length."""
        buffer, limits = self._buffer, self._limits
        if len(buffer) - start < 4:
            return False  # perhaps half of a ping, surely no message
        since = start + self._searched
        end = buffer.find(_END, since)
        if self._ends_bare(start, since, len(buffer) if end < 0 else end + 2):
            return False
        if end < 0:
            self._searched = len(buffer) - start - 3
            if self._searched > limits.header_bytes:
                self.fault = "headers too long"
            return False
        head = _FOLD.sub(b" ", bytes(buffer[start:end]))
        values = {value.strip() for value in _LENGTH.findall(head)}
        length = number(values.pop().decode("latin-1"), 2**31 - 1) if len(values) == 1 else None
        missing = length is None and _LENGTH.search(head) is None
        if missing and _TYPE.search(head) is None and _SIP.match(head) is not None:
            length = 0
        if length is None:
            self.fault = "no Content-Length" if missing else "not one usable Content-Length"
            if end - start <= limits.header_bytes:
                self._unusable = head + (_MISSING if missing else b"") + _END
        elif end - start > limits.header_bytes or end - start + 4 + length > limits.message_bytes:
            self.fault = "message too long"
            if end - start <= limits.header_bytes:  # told 513 as in a datagram (§21.5.7)
                self._unusable = head + _END
        else:
            self._need = end - start + 4 + length
            return True
        return False

    def _ends_bare(self, start: int, since: int, until: int) -> bool:
        """Whether the headers at `start` end in bare LFs between two places: their CRLF may never come."""
        buffer = self._buffer
        ends = [at for bare in _BARE_ENDS if (at := buffer.find(bare, since, until)) >= 0]
        if not ends:
            return False
        self.fault = "lines end in a bare LF"
        head = bytes(buffer[start : min(ends)])
        if len(head) <= self._limits.header_bytes and head.strip():
            self._unusable = head + _END
        return True

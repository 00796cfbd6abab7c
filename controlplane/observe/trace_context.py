"""W3C Trace Context: the trace that a call belongs to, handed from service to service (`traceparent`).

    00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01     version, trace, parent span, sampled

A call that is brought none has its own: the 128 bits of its id. Spans have ids from call and name, so that
whoever is handed one needs not be told of it again. Declined: `tracestate`, which we have nothing to say in.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_BASE32: Final = {letter: value for value, letter in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}


@dataclass(frozen=True, slots=True)
class TraceContext:
    trace: int
    "128 bits, not 0."
    parent: int = 0
    "The span in which we were asked, 64 bits; 0: the trace begins here."
    sampled: bool = True

    def header(self, span: int) -> str:
        """Args: span: in which somebody else is asked."""
        return f"00-{self.trace:032x}-{span:016x}-{int(self.sampled):02x}"


def parse(text: str) -> TraceContext | None:
    """None: it is not one, and a new trace begins (§3.2.2.3, §4.3)."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    version, trace, parent, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(parent, 16):
        return None
    return TraceContext(int(trace, 16), int(parent, 16), bool(int(flags, 16) & 1))


def begun_by(call: str) -> TraceContext:
    """The trace of a call that was brought none."""
    letters = call.removeprefix("call_")
    if len(letters) == 26 and all(letter in _BASE32 for letter in letters):
        value = 0
        for letter in letters:
            value = value << 5 | _BASE32[letter]
        value &= (1 << 128) - 1
    else:  # of an outside edge, which names calls as it likes
        value = int.from_bytes(blake2b(call.encode("utf-8", "replace"), digest_size=16).digest())
    return TraceContext(value or 1)


def span_id(call: str, name: str) -> int:
    """64 bits, not 0."""
    text = f"{call}\0{name}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) or 1

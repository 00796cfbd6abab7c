"""Good bytes → bytes that are nearly good: edits, splices, repetitions, words that parsers trip over."""

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 20_000
"Cases are kept shorter than this [bytes]; test_linear_time.py is for the long ones."

# fmt: off
WORDS: tuple[bytes, ...] = (
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\r\n ", b"\r\n\t", b"\0", b" ", b"\t", b"\x7f", b"\xff",
    b"\xc3\x28", b"\xed\xa0\x80", "\u2028".encode(), "\u0660".encode(), "\u00b2".encode(), b'"', b'\\"',
    b'""', b"<", b">", b"<>", b",", b",,", b";", b";;", b":", b"::", b"=", b"==", b"?", b"&", b"%", b"%0",
    b"%00", b"%zz", b"%25", b"@", b"@@", b"[", b"]", b"[::1]", b"[::", b"*", b"-1", b"0", b"00000000000",
    b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967296", b"9" * 50, b"1e9",
    b"0x10", b"+1", b"1.0", b"NaN", b"SIP/2.0", b"sip/2.0", b"SIP/3.0", b"sip:", b"sips:a@b",
    b"tel:+1-234;phone-context=x", b"urn:service:sos", b"INVITE", b"ACK", b"BYE", b"CANCEL", b"REGISTER",
    b"OPTIONS", b"UPDATE", b"PRACK", b"INFO", b"invite", b";tag=x", b";tag=", b";lr", b";maddr=1.2.3.4",
    b";received=::1", b";rport", b";rport=0", b";ttl=1", b";transport=tcp", b";expires=0", b";q=0.5",
    b";q=2", b";reg-id=1", b';+sip.instance="<urn:uuid:1>"', b"z9hG4bK", b"Digest ", b"Basic ",
    b"qop=auth-int", b"algorithm=MD5-sess", b"nc=00000000", b"stale=TRUE", b"Content-Length: 0\r\n",
    b"l: 5\r\n", b"Content-Length: 99999999999\r\n", b"Route: <sip:a;lr>\r\n", b"m: *\r\n",
    b"Record-Route: <sip:a>\r\n", b"Require: 100rel\r\n", b"Expires: 0\r\n", b"Via: x\r\n",
    b"v: SIP/2.0/UDP a\r\n", b"Content-Type: multipart/mixed;boundary=x\r\n", b"a=",
    b"m=audio 0 RTP/AVP 0\r\n", b"c=IN IP6 ::1\r\n", b"a=sendonly\r\n", b"a=rtpmap:", b"null", b"{}", b"[]",
    b"[" * 2_000, b'{"a":' * 2_000, b"\\u0000", b"\\ud800", b"1e400", b"true", b'"\xff"',
    b"\x80\x00\x00\x00", b"\x80\xc8\x00\x06", b"\x80\xc9\x00\x01", b"\xff\xff",
)
# fmt: on


def mutate(random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """`seed` after one to five edits, or as it is once in sixteen; `others` lend pieces."""
    if random.random() < 0.06:
        return seed
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
        edit = random.choice(_EDITS)
        at = random.randrange(len(data) + 1)
        edit(random, data, at, others)
        del data[LONGEST:]
    return bytes(data)


def _flip(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    if at < len(data):
        data[at] ^= 1 << random.randrange(8)


def _set(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    if at < len(data):
        data[at] = random.randrange(256)


def _word(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    data[at : at + random.choice((0, 0, 1, 4))] = random.choice(WORDS)


def _cut(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    del data[at : at + _length(random)]


def _double(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    data[at:at] = data[at : at + _length(random)]


def _repeat(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    piece = bytes(data[at : at + random.randrange(1, 4)]) or b"x"
    data[at:at] = piece * random.choice((3, 10, 100, 1_000))


def _move(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    piece = bytes(data[at : at + _length(random)])
    del data[at : at + len(piece)]
    to = random.randrange(len(data) + 1)
    data[to:to] = piece


def _splice(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    start = random.randrange(len(other) + 1)
    data[at : at + _length(random)] = other[start : start + _length(random)]


def _line(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    """Lose, double or replace the line around `at`."""
    start = data.rfind(b"\n", 0, at) + 1
    end = data.find(b"\n", at) + 1 or len(data)
    line = bytes(data[start:end])
    lent = random.choice(random.choice(others).split(b"\n")) + b"\n"
    data[start:end] = random.choice((b"", line + line, lent, line + lent))


def _value(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    """Another value for the field or parameter around `at`."""
    start = max(data.rfind(mark, 0, at) for mark in (b":", b"=", b";", b" ", b'"', b"/")) + 1
    ends = [found for mark in (b"\r", b";", b",", b" ", b'"', b">") if (found := data.find(mark, at)) >= 0]
    data[start : min(ends, default=len(data))] = random.choice(WORDS)


def _truncate(random: Random, data: bytearray, at: int, others: Sequence[bytes]) -> None:
    del data[at:]


def _length(random: Random) -> int:
    return random.choice((1, 1, 2, 4, 8, 20, 60, 200))


_EDITS: tuple[Callable[[Random, bytearray, int, Sequence[bytes]], None], ...] = (
    _flip,
    _set,
    _word,
    _word,
    _cut,
    _double,
    _repeat,
    _move,
    _splice,
    _line,
    _line,
    _value,
    _value,
    _truncate,
)

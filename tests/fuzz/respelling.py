"""The same message in other letters: short names, folded lines, spaces, case (RFC 3261 §7.3).

Whatever a mutation has made of a message, if it can be read, its respelling is read alike.
"""

import re
from random import Random

from edge.sip.message import Message
from edge.sip.parse import ParseError, parse_message
from tests.fuzz.sip import MESSAGES, TORTURE
from tests.fuzz.target import Target

SHORT = {
    b"accept-contact": b"a",
    b"allow-events": b"u",
    b"call-id": b"i",
    b"contact": b"m",
    b"content-encoding": b"e",
    b"content-length": b"l",
    b"content-type": b"c",
    b"event": b"o",
    b"from": b"f",
    b"refer-to": b"r",
    b"referred-by": b"b",
    b"session-expires": b"x",
    b"subject": b"s",
    b"supported": b"k",
    b"to": b"t",
    b"via": b"v",
}
_COLONS = (b":", b": ", b" : ", b":\t", b"\t:  ", b":\r\n ")
_BLANKS = (b" ", b"  ", b"\t", b"\r\n ", b"\r\n\t")


def respelled(random: Random, data: bytes) -> bytes:
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    return b"\r\n".join((start, *(_line(random, line) for line in lines))) + end + body


def _line(random: Random, line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    if not colon or line[:1] in (b" ", b"\t"):
        return line
    name, value = name.rstrip(b" \t"), value.strip(b" \t")
    other = random.choice((name, name.lower(), name.upper(), SHORT.get(name.lower(), name)))
    at = value.find(b" ", random.randrange(len(value) + 1))
    if at > 0 and value[at - 1 : at] not in (b" ", b"\t", b"\\"):
        value = value[:at] + random.choice(_BLANKS) + value[at + 1 :]
    # An empty value would take the next line for its own, were it folded.
    return (
        other + (random.choice(_COLONS) if value else b":") + value + random.choice((b"", b"", b" ", b"\t"))
    )


def check_respelling(data: bytes, random: Random) -> None:
    message = parse_message(data)
    if isinstance(message, ParseError):
        return
    again = parse_message(respelled(random, data))
    assert not isinstance(again, ParseError), again
    assert _plain(again) == _plain(message)


def _plain(message: Message) -> tuple[object, ...]:
    fields = [(name, re.sub(r"[ \t]+", " ", value).strip()) for name, value in message.headers]
    return (type(message), message.cseq, message.from_.tag, message.to.tag, fields, message.body)


TARGETS = (Target("respelling", (*MESSAGES, *TORTURE), check_respelling),)

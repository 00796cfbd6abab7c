"""Finding the description in a message body, plain or multipart (RFC 5621, RFC 2046 §5.1)."""

from typing import Final

from edge.sip.message import Message

_MOST_PARTS: Final = 16
_DEEPEST: Final = 3


def sdp_in(message: Message) -> bytes | None:
    """What a message describes; empty without a body, None when its body describes nothing."""
    return find_sdp(message.headers.get("Content-Type") or "", message.body) if message.body else b""


def find_sdp(content_type: str, body: bytes) -> bytes | None:
    """The body itself when it is `application/sdp`, else the first such part of a multipart.

    None: there is none, whatever the reason; a request that needs one gets 415.
    """
    return _find(content_type, body, _DEEPEST)


def _find(content_type: str, body: bytes, depth: int) -> bytes | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/sdp":
        return body
    if not kind.startswith("multipart/") or depth == 0:
        return None
    boundary = _boundary(content_type)
    if boundary is None:
        return None
    # The line break before a delimiter belongs to the delimiter; the first one may lack it.
    delimiter = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    parts = (b"\r\n" + body).split(delimiter, _MOST_PARTS + 1)
    for part in parts[1 : _MOST_PARTS + 1]:
        if part.startswith(b"--"):
            return None
        head, gap, content = part.partition(b"\r\n\r\n")
        if not gap:
            continue
        found = _find(_content_type(head), content, depth - 1)
        if found is not None:
            return found
    return None


def _boundary(content_type: str) -> str | None:
    for param in content_type.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "boundary":
            value = value.strip()
            if value.startswith('"'):
                value = value[1:].partition('"')[0]
            return value if 0 < len(value) <= 70 else None
    return None


def _content_type(head: bytes) -> str:
    """Of a part: `text/plain` when it names none (RFC 2046 §5.1)."""
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in ("content-type", "c"):
            return value
    return "text/plain"

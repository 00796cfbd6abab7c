"""Finding the description in a message body, plain or multipart (RFC 5621, RFC 2046 §5.1)."""

from typing import Final

from edge.sip.message import Message

_MOST_PARTS: Final = 16
_DEEPEST: Final = 3


def packed(message: Message) -> bool:
    """Whether its body is encoded (RFC 3261 §20.12); we unpack none."""
    return (message.headers.get("Content-Encoding") or "identity").strip().lower() != "identity"


def sdp_in(message: Message) -> bytes | None:
    """What a message describes; empty without a body, None when its body describes nothing.

    A body that describes nothing and may be ignored, as its Content-Disposition says, is none (§8.2.3). One
    without Content-Type, which §20.15 wants, is what it looks like.
    """
    if not message.body:
        return b""
    if packed(message):
        return None
    kind = message.headers.get("Content-Type")
    if kind is None and message.body.lstrip().startswith(b"v=0"):
        return message.body.lstrip()
    found = find_sdp(kind or "", message.body)
    optional = found is None and _handling(message.headers.get("Content-Disposition") or "") == "optional"
    return b"" if optional else found


def find_sdp(content_type: str, body: bytes) -> bytes | None:
    """The body itself when it is `application/sdp`, else the first such part of a multipart.

    None: there is none, whatever the reason, or another part is said to be required; a request that needs
    one gets 415. Parts that say nothing of it are passed over: gateways add what they please.
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
    if b"\r\n" not in body:
        body = body.replace(b"\n", b"\r\n")  # LF alone, as descriptions may have it (RFC 8866 §5)
    # The line break before a delimiter belongs to the delimiter; the first one may lack it.
    delimiter = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    parts = (b"\r\n" + body).split(delimiter, _MOST_PARTS + 1)
    described: bytes | None = None
    for part in parts[1 : _MOST_PARTS + 1]:
        if part.startswith(b"--"):
            break
        head, gap, content = part.partition(b"\r\n\r\n")
        if not gap:
            continue
        fields = _fields(head)
        found = _find(fields.get("content-type", "text/plain"), content, depth - 1)  # RFC 2046 §5.1
        if found is None and _handling(fields.get("content-disposition", "")) == "required":
            return None
        described = found if described is None else described
    return described


def _handling(disposition: str) -> str:
    """Of a Content-Disposition: `required`, `optional`, or empty when it does not say (RFC 3261 §20.11)."""
    for param in disposition.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "handling":
            return value.strip().lower()
    return ""


def _boundary(content_type: str) -> str | None:
    for param in content_type.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "boundary":
            value = value.strip()
            if value.startswith('"'):
                value = value[1:].partition('"')[0]
            return value if 0 < len(value) <= 70 else None
    return None


def _fields(head: bytes) -> dict[str, str]:
    """Of a part, by name in lower case, the compact form of Content-Type spelled out."""
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            fields.setdefault("content-type" if name == "c" else name, value)
    return fields

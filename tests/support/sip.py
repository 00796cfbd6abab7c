"""The least of SIP that a test's own phone needs (RFC 3261, RFC 8760), sharing no code with `edge/`.

Strict where a daemon's mistakes must show: no folding, no compact forms, no second guess. What
comes from the wire is either what RFC 3261 asks for or a `ValueError`.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

CRLF = "\r\n"
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


@dataclass(slots=True)
class Message:
    start: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    at: float = 0.0
    "When it came [s, monotonic]."
    source: tuple[str, int] = ("", 0)

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.start[8:11]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Of a request by its first line, of a response by its CSeq."""
        return self.header("CSeq").split()[1] if self.status else self.start.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def header(self, name: str) -> str:
        """The first value; raises `ValueError` when there is none."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        raise ValueError(f"no {name} in {self.start!r}")

    def bytes(self) -> bytes:
        lines = [self.start, *(f"{key}: {value}" for key, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return (CRLF.join(lines) + CRLF + CRLF).encode() + self.body


def parse(data: bytes, at: float = 0.0, source: tuple[str, int] = ("", 0)) -> Message:
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(f"no empty line in {data!r}")
    start, *lines = head.decode("utf-8").split(CRLF)
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise ValueError(f"not a header line: {line!r}")
        if name.lower() == "content-length":
            if int(value) != len(body):
                raise ValueError(f"Content-Length {value.strip()} but {len(body)} bytes of body")
            continue
        headers.append((name, value.strip()))
    message = Message(start, headers, body, at, source)
    for needed in ("Via", "From", "To", "Call-ID", "CSeq"):
        message.header(needed)
    return message


def tag_of(value: str) -> str:
    """The tag of a From or To value, empty when there is none."""
    match = re.search(r";\s*tag=([^;>\s]+)", value)
    return match[1] if match else ""


def uri_of(value: str) -> str:
    """The URI of a From, To, Contact or Route value."""
    match = re.search(r"<([^>]*)>", value)
    return match[1] if match else value.split(";")[0].strip()


def response_to(request: Message, status: int, reason: str, *, tag: str = "", body: bytes = b"") -> Message:
    """Echoes Via, From, To, Call-ID, CSeq and Record-Route as RFC 3261 §8.2.6.2 and §12.1.1 ask."""
    headers = [("Via", value) for value in request.all("Via")]
    headers += [("Record-Route", value) for value in request.all("Record-Route")]
    to = request.header("To")
    if tag and not tag_of(to):
        to += f";tag={tag}"
    headers += [("From", request.header("From")), ("To", to)]
    headers += [(name, request.header(name)) for name in ("Call-ID", "CSeq")]
    return Message(f"SIP/2.0 {status} {reason}", headers, body)


def digest(challenge: str, method: str, uri: str, username: str, password: str, *, count: int = 1) -> str:
    """An Authorization value for a Digest challenge (RFC 7616 §3.4, qop=auth where it is offered)."""
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() != "digest":
        raise ValueError(f"not a digest challenge: {challenge!r}")
    given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
    algorithm = given.get("algorithm", "MD5")
    make = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm.upper()]

    def hashed(text: str) -> str:
        return make(text.encode()).hexdigest()

    secret = hashed(f"{username}:{given['realm']}:{password}")
    asked = hashed(f"{method}:{uri}")
    nonce = given["nonce"]
    fields = {
        "username": f'"{username}"',
        "realm": f'"{given["realm"]}"',
        "nonce": f'"{nonce}"',
        "uri": f'"{uri}"',
        "algorithm": algorithm,
    }
    if "auth" in given.get("qop", "").replace(" ", "").split(","):
        cnonce = secrets.token_hex(8)
        proof = hashed(f"{secret}:{nonce}:{count:08x}:{cnonce}:auth:{asked}")
        fields["response"] = f'"{proof}"'
        fields |= {"qop": "auth", "nc": f"{count:08x}", "cnonce": f'"{cnonce}"'}
    else:
        proof = hashed(f"{secret}:{nonce}:{asked}")
        fields["response"] = f'"{proof}"'
    if "opaque" in given:
        fields["opaque"] = f'"{given["opaque"]}"'
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


@dataclass(slots=True)
class Description:
    """What an SDP says about its one audio stream."""

    address: str
    port: int
    payload_types: list[int]
    dtmf: int | None
    attributes: list[str] = field(default_factory=list)


def parse_sdp(body: bytes) -> Description:
    address, port, types, dtmf = "", 0, [], None
    attributes = []
    for line in body.decode().split(CRLF):
        if line.startswith("c=IN IP4 "):
            address = line[9:].split("/")[0]
        elif line.startswith("m=audio "):
            words = line.split()
            port, types = int(words[1]), [int(word) for word in words[3:]]
        elif line.startswith("a="):
            attributes.append(line[2:])
            if match := re.fullmatch(r"a=rtpmap:(\d+) telephone-event/8000", line):
                dtmf = int(match[1])
    if not address or not types:
        raise ValueError(f"no audio in {body!r}")
    return Description(address, port, types, dtmf, attributes)


def make_sdp(
    address: str, port: int, *, payload_types: tuple[int, ...] = (0, 8), dtmf: int | None = 101
) -> bytes:
    names = {0: "PCMU", 8: "PCMA"}
    every = [*payload_types, *([] if dtmf is None else [dtmf])]
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, every))}",
        *(f"a=rtpmap:{number} {names[number]}/8000" for number in payload_types),
        *([] if dtmf is None else [f"a=rtpmap:{dtmf} telephone-event/8000", f"a=fmtp:{dtmf} 0-16"]),
        "a=ptime:20",
        "a=sendrecv",
    ]
    return (CRLF.join(lines) + CRLF).encode()

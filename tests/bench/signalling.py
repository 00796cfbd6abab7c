"""SIP in bulk: registrations and calls with many under way at once, and the setting up of many legs.

One thread, one socket, messages from templates: the generator must cost less than what it measures.
It knows just enough of RFC 3261 for a peer on loopback, and retransmits what stays unanswered.
"""

import base64
import contextlib
import hashlib
import re
import secrets
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.support.sip import make_sdp

RESEND: Final = 0.5
"T1: an unanswered request is sent again after this, then after twice as long… [s]; it counts as `resent`."
LONGEST: Final = 4.0
"…up to T2 [s]."
GIVE_UP: Final = 8.0
CALLER: Final = 12_025_560_000
"Number of the first call's caller; those after it count up."
_NONCE = re.compile(rb'nonce="([^"]+)"')
_OPAQUE = re.compile(rb'opaque="([^"]+)"')
_TO = re.compile(rb"(?im)^(?:to|t)[ \t]*:[ \t]*(.*?)\r$")
_CONTACT = re.compile(rb"(?im)^(?:contact|m)[ \t]*:[^<\r]*<([^>]+)>")
_CALL_ID = re.compile(rb"(?im)^(?:call-id|i)[ \t]*:[ \t]*(.*?)\r$")
_CSEQ = re.compile(rb"(?im)^cseq[ \t]*:[ \t]*(\d+) (\w+)\r$")
_ADDRESS = re.compile(rb"(?m)^c=IN IP4 (\S+)\r$")
_KEY = re.compile(rb"(?m)^a=crypto:\S+ \S+ inline:([A-Za-z0-9+/=]+)")
_CALLER = re.compile(rb"(?im)^(?:from|f)[ \t]*:[^<\r]*<sip:\+?(\d+)@")
_PORT = re.compile(rb"(?m)^m=audio (\d+) ")


@dataclass(slots=True)
class Load:
    """What a run of transactions came to."""

    done: int = 0
    failed: int = 0
    resent: int = 0
    seconds: float = 0.0
    "Until the last of them was done or given up."
    offering: float = 0.0
    "Until the last of them was begun [s]."
    begun: int = 0
    meanwhile: int = 0
    "Done in that time."
    latencies: list[float] = field(default_factory=list)
    "From the first request to the answer that counts [s]."
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """One registration or call under way."""

    call_id: bytes
    index: int
    user: str
    began: float
    resend_at: float
    last: bytes
    "What to send again."
    patience: float = RESEND
    "Between the last two copies [s]."
    cseq: int = 1
    remote: bytes = b""
    target: bytes = b""
    media: tuple[str, int] = ("", 0)
    key: bytes = b""
    "Of SRTP, as the daemon's answer says."
    answered: bool = False


class Signalling:
    def __init__(
        self,
        address: str,
        server: tuple[str, int],
        *,
        domain: str,
        password: Callable[[str], str],
        far: str = "",
    ) -> None:
        """Args: far: address at which calls of the daemon are answered, on port 5060; empty: nowhere."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((address, 0))
        self._socket.connect(server)
        self._socket.setblocking(False)
        self._sockets = [self._socket]
        if far:
            self._sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._sockets[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self._sockets[1].bind((far, 5060))
            self._sockets[1].connect(server)
            self._sockets[1].setblocking(False)
        self.answer_with: Callable[[int], bytes] = lambda n: b""
        "Call number → our SDP, at `far` and as a registered phone."
        self.rings = False
        "180 before each 200 there."
        self.taken: dict[int, tuple[str, int]] = {}
        "By call number: where the daemon's offer to us wants its audio."
        self._server = f"{server[0]}:{server[1]}"
        self._here = "{}:{}".format(*self._socket.getsockname())
        self._address = address
        self._domain = domain
        self._password = password
        self._number = 0
        self._run_id = secrets.token_hex(3)
        self._secrets: dict[str, bytes] = {}
        self.live: dict[bytes, Work] = {}
        "Calls that are up, by Call-ID."

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    def register(self, users: list[str], count: int, window: int) -> Load:
        """`count` times REGISTER, 401, REGISTER, 200, with `window` of them under way."""
        return self._run(count, window, lambda n, now: self._begin_register(users[n % len(users)], now), 0.0)

    def rush(self, users: list[str], count: int, seconds: float) -> Load:
        """So many registrations, begun within `seconds`, whatever becomes of them."""
        rate = count / seconds
        return self._run(count, count, lambda n, now: self._begin_register(users[n % len(users)], now), rate)

    def call(self, numbers: Sequence[str], count: int, window: int) -> Load:
        """`count` calls from a trunk's address: INVITE, 200, ACK, BYE, 200."""
        sdp = make_sdp(self._address, 6000)
        begin = self._inviter(numbers, lambda n: sdp)
        return self._run(count, window, begin, 0.0, hang_up=True)

    def offer(self, numbers: Sequence[str], rate: float, seconds: float, window: int) -> Load:
        """Calls at `rate`, whatever becomes of them; those that are answered are released at once."""
        sdp = make_sdp(self._address, 6000)
        begin = self._inviter(numbers, lambda n: sdp)
        return self._run(int(rate * seconds), window, begin, rate, hang_up=True)

    def set_up(
        self, numbers: Sequence[str], count: int, rate: float, sdp: Callable[[int], bytes]
    ) -> tuple[Load, list[Work]]:
        """`count` calls at `rate` a second that stay up; in order of their start."""
        known = set(self.live)
        load = self._run(count, 64, self._inviter(numbers, sdp), rate)
        works = [work for key, work in self.live.items() if key not in known]
        return load, sorted(works, key=lambda work: work.index)

    def hang_up(self, rate: float = 400.0, works: list[Work] | None = None) -> Load:
        """End these calls, or every live one."""
        works = list(self.live.values()) if works is None else works

        def begin(n: int, now: float) -> Work:
            work = works[n]
            work.began = now
            work.last = self._bye(work)
            return work

        return self._run(len(works), 64, begin, rate)

    def _run(
        self,
        count: int,
        window: int,
        begin: Callable[[int, float], Work],
        rate: float,
        *,
        hang_up: bool = False,
    ) -> Load:
        """Closed loop of `window` when `rate` is 0, else at most `rate` starts a second."""
        load = Load()
        under_way: dict[bytes, Work] = {}
        started = time.monotonic()
        begun, sweep_at = 0, started + RESEND
        while load.done + load.failed < count:
            now = time.monotonic()
            while begun < count and len(under_way) < window:
                if rate and begun > (now - started) * rate:
                    break
                work = begin(begun, now)
                under_way[work.call_id] = work
                begun += 1
                self._send(work.last)
                if begun == count:
                    load.offering, load.meanwhile = time.monotonic() - started, load.done
            if now >= sweep_at:
                sweep_at = now + RESEND / 2
                self._sweep(under_way, load, now)
            for ready in select.select(self._sockets, [], [], 0.002 if rate else 0.05)[0]:
                for _ in range(window):
                    try:
                        data = ready.recv(65_535)
                    except (BlockingIOError, ConnectionRefusedError):
                        break
                    if ready is self._socket:
                        self._receive(data, under_way, load, hang_up)
                    else:
                        self._serve(data, ready)
        load.seconds, load.begun = time.monotonic() - started, begun
        return load

    def _sweep(self, under_way: dict[bytes, Work], load: Load, now: float) -> None:
        for key, work in list(under_way.items()):
            if now - work.began > GIVE_UP:
                del under_way[key]
                load.failed += 1
                load.statuses[0] = load.statuses.get(0, 0) + 1
            elif now >= work.resend_at:
                work.patience = min(2 * work.patience, LONGEST)
                work.resend_at = now + work.patience
                load.resent += 1
                self._send(work.last)

    def _receive(self, data: bytes, under_way: dict[bytes, Work], load: Load, hang_up: bool) -> None:
        if not data.startswith(b"SIP/2.0 "):
            self._serve(data, self._socket)
            return
        status = int(data[8:11])
        call_id, cseq = _CALL_ID.search(data), _CSEQ.search(data)
        work = under_way.get(call_id[1]) if call_id is not None else None
        if work is None and cseq is not None and cseq[2] == b"INVITE" and call_id is not None:
            if call_id[1] in self.live:  # our ACK was lost
                self._send(self._within(self.live[call_id[1]], "ACK", 1))
            return
        if work is None or cseq is None or status < 200 or int(cseq[1]) != work.cseq:
            return
        now = time.monotonic()
        method = cseq[2]
        if method == b"REGISTER" and status == 401 and work.cseq == 1:
            work.cseq, work.resend_at, work.patience = 2, now + RESEND, RESEND
            work.last = self._register(work, self._proof(data, work.user))
            self._send(work.last)
            return
        if method == b"INVITE" and status == 200 and not work.answered:
            work.answered = True
            self._take_answer(work, data)
            self._send(self._within(work, "ACK", 1))
            load.latencies.append(now - work.began)
            self.live[work.call_id] = work
            if hang_up:
                work.resend_at, work.patience = now + RESEND, RESEND
                work.last = self._bye(work)
                self._send(work.last)
                return
        elif method == b"INVITE" and work.answered:
            return  # a copy
        elif method == b"INVITE":
            self._send(self._confirm(work, data))
        elif method == b"REGISTER" and status == 200:
            load.latencies.append(now - work.began)
        if method == b"BYE":
            self.live.pop(work.call_id, None)
        del under_way[work.call_id]
        load.statuses[status] = load.statuses.get(status, 0) + 1
        if status == 200:
            load.done += 1
        else:
            load.failed += 1

    def _begin_register(self, user: str, now: float) -> Work:
        self._number += 1
        work = Work(self._key("r"), 0, user, now, now + RESEND, b"")
        work.last = self._register(work, "")
        return work

    def _inviter(self, numbers: Sequence[str], sdp: Callable[[int], bytes]) -> Callable[[int, float], Work]:
        def begin(n: int, now: float) -> Work:
            self._number += 1
            work = Work(self._key("c"), n, "", now, now + RESEND, b"")
            number, body = numbers[n % len(numbers)], sdp(n)
            work.remote = f"<sip:{number}@{self._server}>".encode()
            work.target = f"sip:{number}@{self._server}".encode()
            head = (
                f"INVITE sip:{number}@{self._server} SIP/2.0\r\n{self._head(work, 'INVITE', 1)}"
                f"Contact: <sip:load@{self._here}>\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            work.last = head.encode() + body
            return work

        return begin

    def _key(self, kind: str) -> bytes:
        return f"{kind}{self._number}-{self._run_id}@{self._address}".encode()

    def _register(self, work: Work, authorization: str) -> bytes:
        aor = f"sip:{work.user}@{self._domain}"
        return (
            f"REGISTER sip:{self._domain} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{work.call_id.decode()}{work.cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <{aor}>;tag=f{self._run_id}\r\nTo: <{aor}>\r\n"
            f"Call-ID: {work.call_id.decode()}\r\nCSeq: {work.cseq} REGISTER\r\n"
            f"Contact: <sip:{work.user}@{self._here}>\r\nExpires: 300\r\n{authorization}"
            f"User-Agent: load\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def _proof(self, challenge: bytes, user: str) -> str:
        nonce_match = _NONCE.search(challenge)
        assert nonce_match is not None, challenge
        nonce, uri = nonce_match[1], f"sip:{self._domain}".encode()
        secret = self._secrets.get(user)
        if secret is None:
            text = f"{user}:{self._domain}:{self._password(user)}"
            secret = self._secrets[user] = hashlib.md5(text.encode()).hexdigest().encode()
        asked = hashlib.md5(b"REGISTER:" + uri).hexdigest().encode()
        proof = hashlib.md5(b"%s:%s:00000001:c0ffee:auth:%s" % (secret, nonce, asked)).hexdigest()
        opaque = _OPAQUE.search(challenge)
        echoed = f', opaque="{opaque[1].decode()}"' if opaque else ""
        return (
            f'Authorization: Digest username="{user}", realm="{self._domain}", nonce="{nonce.decode()}", '
            f'uri="{uri.decode()}", response="{proof}", algorithm=MD5, qop=auth, nc=00000001, '
            f'cnonce="c0ffee"{echoed}\r\n'
        )

    def _head(self, work: Work, method: str, cseq: int) -> str:
        key = work.call_id.decode()
        return (
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{key}{method}{cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{CALLER + work.index}@{self._here}>;tag=f{key}\r\n"
            f"To: {work.remote.decode()}\r\nCall-ID: {key}\r\nCSeq: {cseq} {method}\r\n"
        )

    def _within(self, work: Work, method: str, cseq: int) -> bytes:
        target = work.target.decode()
        return (
            f"{method} {target} SIP/2.0\r\n{self._head(work, method, cseq)}Content-Length: 0\r\n\r\n".encode()
        )

    def _confirm(self, work: Work, refusal: bytes) -> bytes:
        """The ACK of a refusal: of the INVITE's transaction, to the tag of the answer."""
        to = _TO.search(refusal)
        assert to is not None, refusal
        work.remote = to[1]
        key = work.call_id.decode()
        ack = self._within(work, "ACK", 1)
        return ack.replace(f"branch=z9hG4bK{key}ACK1".encode(), f"branch=z9hG4bK{key}INVITE1".encode(), 1)

    def _bye(self, work: Work) -> bytes:
        work.cseq = 2
        return self._within(work, "BYE", 2)

    def _take_answer(self, work: Work, data: bytes) -> None:
        to, contact = _TO.search(data), _CONTACT.search(data)
        address, port = _ADDRESS.search(data), _PORT.search(data)
        assert to is not None and contact is not None and address is not None and port is not None, data
        work.remote, work.target = to[1], contact[1]
        work.media = (address[1].decode(), int(port[1]))
        if (key := _KEY.search(data)) is not None:
            work.key = base64.b64decode(key[1])

    def _serve(self, request: bytes, through: socket.socket) -> None:
        """A request of the daemon, at `far` or to who called or registered: 200, with SDP to an INVITE."""
        if request.startswith((b"ACK ", b"SIP/2.0 ")):
            return
        wanted = (b"via:", b"from:", b"call-id:", b"cseq:", b"record-route:")
        kept = [line for line in request.split(b"\r\n") if line.lower().startswith(wanted)]
        to = _TO.search(request)
        assert to is not None, request
        kept.append(b"To: " + to[1] + (b"" if b"tag=" in to[1] else b";tag=far"))
        body = b""
        if request.startswith(b"INVITE "):
            caller, address, port = _CALLER.search(request), _ADDRESS.search(request), _PORT.search(request)
            assert caller is not None and address is not None and port is not None, request
            number = int(caller[1]) - CALLER
            self.taken[number] = (address[1].decode(), int(port[1]))
            body = self.answer_with(number)
            kept.append("Contact: <sip:far@{}:{}>".format(*through.getsockname()).encode())
            if self.rings:
                _reply(b"180 Ringing", kept, b"", through)
            kept.append(b"Content-Type: application/sdp")
        _reply(b"200 OK", kept, body, through)

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # as good as lost: sent again
            self._socket.send(data)


def _reply(status: bytes, headers: list[bytes], body: bytes, through: socket.socket) -> None:
    length = f"Content-Length: {len(body)}".encode()
    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
        through.send(b"\r\n".join([b"SIP/2.0 " + status, *headers, length, b"", body]))

"""A phone of our own for tests: SIP over UDP with digest, and RTP whose every packet is stamped.

It shares no code with the daemon, so that one misreading of an RFC cannot pass both ends. One
thread serves the sockets; the methods block and are meant for the test's thread::

    with Phone(loopback(), server, "1001", "secret") as phone:
        phone.register()
        call = phone.dial("9000")
        call.say(tone(440, 1.0))
        call.hang_up()
"""

import queue
import secrets
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

from tests.support import sip
from tests.support.sip import Message
from tests.support.stream import Stream


class CallFailed(AssertionError):
    """The call ended otherwise than the test asked for; `status` is the final response, 0 for none."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Call(Stream):
    """One dialog with its RTP stream; made by `Phone.dial` and `Phone.answer`."""

    def __init__(self, phone: "Phone", rtp: socket.socket) -> None:
        super().__init__(rtp)
        self.phone = phone
        self.ended = threading.Event()
        "Set by a BYE from either side."
        self.ended_by_peer = False
        self.response: Message | None = None
        "The final response to our INVITE."
        self.progress: list[Message] = []
        "Provisional responses to it."
        self.bye_at = 0.0
        self.id = ""
        self.local = ""
        "Our From or To value, with tag."
        self.remote = ""
        self.target = ""
        self.route: list[str] = []
        self.cseq = 1

    def hang_up(self, timeout: float = 5.0) -> Message:
        """Send BYE; the answer."""
        answer = self.phone.request(self.within("BYE"), timeout)
        self.bye_at = time.monotonic()
        self.ended.set()
        return answer

    def wait_ended(self, timeout: float = 10.0) -> None:
        assert self.ended.wait(timeout), f"no BYE within {timeout} s"

    def within(self, method: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> Message:
        """A request inside the dialog (RFC 3261 §12.2.1.1)."""
        if method != "ACK":
            self.cseq += 1
        lines = [("Via", self.phone.via()), ("Max-Forwards", "70")]
        lines += [("Route", value) for value in self.route]
        lines += [("From", self.local), ("To", self.remote), ("Call-ID", self.id)]
        lines += [("CSeq", f"{self.cseq} {method}"), ("Contact", self.phone.contact), *headers]
        return Message(f"{method} {self.target} SIP/2.0", lines, body)


class Phone:
    """`server` is where everything is sent; `domain` is the host part of its address of record."""

    def __init__(
        self,
        address: str,
        server: tuple[str, int],
        user: str = "",
        password: str = "",
        *,
        domain: str = "demo.local",
        port: int = 0,
        username: str = "",
        auto_answer: bool = False,
    ) -> None:
        self.address, self.server, self.domain = address, server, domain
        self.user, self.username, self._password = user, username or user, password
        self.incoming: queue.Queue[Message] = queue.Queue()
        "INVITEs that came, for `answer`; with `auto_answer` they become `answered`."
        self.answered: queue.Queue[Call] = queue.Queue()
        self.requests: list[Message] = []
        "Every request that came, retransmissions included."
        self.faults: list[str] = []
        "What came and was not SIP."
        self._auto_answer = auto_answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.contact = f"<sip:{user or 'caller'}@{address}:{self.port}>"
        self._registration = (f"{secrets.token_hex(8)}@{address}", secrets.token_hex(4))
        self._register_cseq = 0
        self._waiting: dict[tuple[str, str], queue.Queue[Message]] = {}
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._stop = threading.Event()
        self._broken: Exception | None = None
        "What ended the thread too early; raised on leaving."
        self._thread = threading.Thread(target=self._serve, name=f"phone {user}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for call in self._calls:
            if call.id and not call.ended.is_set():
                with_target = call.within("BYE")
                self._socket.sendto(with_target.bytes(), self.server)
        self._stop.set()
        self._thread.join()
        self._selector.close()
        self._socket.close()
        for call in self._calls:
            call.rtp.close()
        if self._broken is not None:
            raise self._broken

    def via(self, branch: str = "") -> str:
        branch = branch or f"z9hG4bK{secrets.token_hex(8)}"
        return f"SIP/2.0/UDP {self.address}:{self.port};branch={branch};rport"

    def register(self, expires: int = 300, *, contact: str | None = None, timeout: float = 10.0) -> Message:
        """REGISTER, with digest when it is asked for; the final response."""
        call_id, tag = self._registration
        aor = f"sip:{self.user}@{self.domain}"
        authorization: list[tuple[str, str]] = []
        for attempt in range(2):
            self._register_cseq += 1
            lines = [
                ("Via", self.via()),
                ("Max-Forwards", "70"),
                ("From", f"<{aor}>;tag={tag}"),
                ("To", f"<{aor}>"),
                ("Call-ID", call_id),
                ("CSeq", f"{self._register_cseq} REGISTER"),
                ("Contact", contact or self.contact),
                ("Expires", str(expires)),
                *authorization,
            ]
            answer = self.request(Message(f"REGISTER sip:{self.domain} SIP/2.0", lines), timeout)
            if answer.status not in (401, 407) or attempt or not self._password:
                return answer
            authorization = [self._authorize(answer, "REGISTER", f"sip:{self.domain}")]
        raise AssertionError("the loop returns")

    def options(self) -> Message:
        lines = [
            ("Via", self.via()),
            ("Max-Forwards", "70"),
            ("From", f"<sip:probe@{self.address}>;tag={secrets.token_hex(4)}"),
            ("To", f"<sip:{self.domain}>"),
            ("Call-ID", secrets.token_hex(8)),
            ("CSeq", "1 OPTIONS"),
        ]
        return self.request(Message(f"OPTIONS sip:{self.domain} SIP/2.0", lines))

    def dial(self, number: str, *, timeout: float = 10.0, headers: tuple[tuple[str, str], ...] = ()) -> Call:
        """INVITE, digest when asked for, ACK; returns when answered, else raises `CallFailed`."""
        call = self._new_call()
        call.id = f"{secrets.token_hex(8)}@{self.address}"
        call.local = f"<sip:{self.user or 'caller'}@{self.domain}>;tag={secrets.token_hex(4)}"
        call.target = f"sip:{number}@{self.domain}"
        call.remote = f"<{call.target}>"
        offer = sip.make_sdp(self.address, call.rtp.getsockname()[1])
        deadline = time.monotonic() + timeout
        extra = [*headers, ("Content-Type", "application/sdp")]
        for attempt in range(2):
            invite = Message(
                f"INVITE {call.target} SIP/2.0",
                [
                    ("Via", self.via()),
                    ("Max-Forwards", "70"),
                    ("From", call.local),
                    ("To", f"<{call.target}>"),
                    ("Call-ID", call.id),
                    ("CSeq", f"{call.cseq} INVITE"),
                    ("Contact", self.contact),
                    *extra,
                ],
                offer,
            )
            answer = self._invite(call, invite, deadline)
            if answer.status not in (401, 407) or attempt or not self._password:
                break
            extra.append(self._authorize(answer, "INVITE", call.target))
            call.cseq += 1
        call.response = answer
        if answer.status >= 300:
            call.ended.set()
            self._drop(call)
            raise CallFailed(answer.status, f"{number}: {answer.start}")
        call.remote = answer.header("To")
        call.target = sip.uri_of(answer.header("Contact"))
        call.route = list(reversed(answer.all("Record-Route")))
        self._socket.sendto(call.within("ACK").bytes(), self.server)
        self._start_audio(call, answer.body)
        return call

    def answer(self, timeout: float = 10.0) -> Call:
        """Wait for an INVITE and take it."""
        return self._accept(self.incoming.get(timeout=timeout))

    def respond(self, request: Message, status: int, reason: str) -> None:
        answer = sip.response_to(request, status, reason, tag=secrets.token_hex(4))
        self._socket.sendto(answer.bytes(), request.source)

    def request(self, message: Message, timeout: float = 10.0) -> Message:
        """Send until a final response comes (RFC 3261 §17.1.2); raises `CallFailed` without one."""
        return self._exchange(message, time.monotonic() + timeout, None)

    def send(self, data: bytes) -> None:
        """Anything at all, for tests of bad input."""
        self._socket.sendto(data, self.server)

    def _authorize(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        name, answer = (
            ("WWW-Authenticate", "Authorization")
            if challenge.status == 401
            else ("Proxy-Authenticate", "Proxy-Authorization")
        )
        value = sip.digest(challenge.header(name), method, uri, self.username, self._password)
        return answer, value

    def _invite(self, call: Call, invite: Message, deadline: float) -> Message:
        answer = self._exchange(invite, deadline, call)
        if answer.status >= 300:  # §17.1.1.3: the ACK has the INVITE's branch
            lines = [("Via", invite.header("Via")), ("Max-Forwards", "70"), ("From", call.local)]
            lines += [("To", answer.header("To")), ("Call-ID", call.id), ("CSeq", f"{call.cseq} ACK")]
            self._socket.sendto(Message(f"ACK {invite.uri} SIP/2.0", lines).bytes(), self.server)
        return answer

    def _exchange(self, message: Message, deadline: float, call: Call | None) -> Message:
        branch = message.header("Via").partition("branch=")[2].split(";")[0]
        key = (branch, message.method)
        waiting: queue.Queue[Message] = queue.Queue()
        with self._lock:
            self._waiting[key] = waiting
        interval, proceeding = 0.5, False
        try:
            while (now := time.monotonic()) < deadline:
                if not proceeding:
                    self._socket.sendto(message.bytes(), self.server)
                wait = deadline - now if proceeding else min(interval, deadline - now)
                interval = min(interval * 2, 4.0) if call is None else interval * 2
                try:
                    answer = waiting.get(timeout=wait)
                except queue.Empty:
                    continue
                if answer.status >= 200:
                    return answer
                proceeding = call is not None
                if call is not None:
                    call.progress.append(answer)
        finally:
            with self._lock:
                del self._waiting[key]
        raise CallFailed(0, f"no final response to {message.start}")

    def _new_call(self) -> Call:
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtp.bind((self.address, 0))
        rtp.setblocking(False)
        call = Call(self, rtp)
        with self._lock:
            self._calls.append(call)
        return call

    def _start_audio(self, call: Call, body: bytes) -> None:
        description = sip.parse_sdp(body)
        assert description.payload_types[0] == 0, f"PCMU was our first choice: {body!r}"
        call.remote_rtp = (description.address, description.port)
        call.dtmf = description.dtmf or 101
        call.next_frame_at = time.monotonic()
        self._selector.register(call.rtp, selectors.EVENT_READ, call)
        self._socket.sendto(b"\0", (self.address, self.port))  # wakes the thread: a frame is due

    def _drop(self, call: Call) -> None:
        with self._lock:
            self._calls.remove(call)
        call.rtp.close()

    def _accept(self, invite: Message) -> Call:
        call = self._new_call()
        call.id = invite.header("Call-ID")
        call.local = f"{invite.header('To')};tag={secrets.token_hex(4)}"
        call.remote = invite.header("From")
        call.target = sip.uri_of(invite.header("Contact"))
        call.route = invite.all("Record-Route")
        answer = sip.response_to(
            invite,
            200,
            "OK",
            tag=sip.tag_of(call.local),
            body=sip.make_sdp(self.address, call.rtp.getsockname()[1]),
        )
        answer.headers += [("Contact", self.contact), ("Content-Type", "application/sdp")]
        self._socket.sendto(answer.bytes(), invite.source)
        self._start_audio(call, invite.body)
        return call

    # The thread.

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception as error:
            self._broken = error

    def _turn(self) -> None:
        calls = [call for call in list(self._calls) if call.next_frame_at and not call.ended.is_set()]
        # A phone that suppresses silence may have nothing to send for an hour, and is to be left before.
        due = min([*(call.next_frame_at for call in calls), time.monotonic() + 0.05])
        for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            if key.data is not None:
                key.data.receive_packet(now)
            else:
                self._receive(now)
        now = time.monotonic()
        for call in calls:
            while call.next_frame_at <= now:
                call.send_frame(now)
                call.next_frame_at += 0.02

    def _receive(self, now: float) -> None:
        try:
            data, source = self._socket.recvfrom(65_535)
        except BlockingIOError:
            return
        if source == (self.address, self.port):
            return
        try:
            message = sip.parse(data, now, source)
        except (ValueError, UnicodeDecodeError) as error:
            self.faults.append(str(error))
            return
        if message.status:
            branch = message.header("Via").partition("branch=")[2].split(";")[0]
            with self._lock:
                waiting = self._waiting.get((branch, message.method))
            if waiting is not None:
                waiting.put(message)
            return
        seen = (message.header("Call-ID"), message.header("CSeq"))
        first = all((old.header("Call-ID"), old.header("CSeq")) != seen for old in self.requests)
        self.requests.append(message)
        match message.method:
            case "BYE":
                for call in self._calls:
                    if call.id == message.header("Call-ID"):
                        call.ended_by_peer, call.bye_at = True, now
                        call.ended.set()
                self._socket.sendto(sip.response_to(message, 200, "OK").bytes(), source)
            case "CANCEL":
                self._socket.sendto(sip.response_to(message, 200, "OK").bytes(), source)
            case "INVITE":
                if first and self._auto_answer:
                    self.answered.put(self._accept(message))
                elif first:
                    self.incoming.put(message)
            case "ACK":
                pass
            case _:
                self._socket.sendto(sip.response_to(message, 200, "OK").bytes(), source)

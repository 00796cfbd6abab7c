"""A whole switch on a bench: hand clock, one fake account, audio that only says yes, phones of text."""

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from config.schema import SipLimits
from config.security import Security
from edge.acd.record import Told, Transition
from edge.awaited import Promise, Resolve
from edge.directory import Trunk
from edge.journal import BindingChange, CallId, Cdr, Change, Keepsake, KeepsakeChange, OpenCall, TraceEvent
from edge.overload.capacity import Capacity
from edge.question import Ask
from edge.recordings import Keep
from edge.security.fraud import FraudGuard
from edge.security.shield import Shield
from edge.sip.digest import answer, choose
from edge.sip.effect import Send
from edge.sip.flow import Flow, Received, Transport
from edge.sip.locate import Answer, Kind, Query
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from edge.switch import Switch
from media import port
from tests.support.directory import FakeDirectory
from tests.support.dns import located, record
from tests.support.security import FakeKeeper

SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
)

_BRANCHES = itertools.count()
_WARNING = re.compile(r'\d{3} \S+ "(?:[^"\\]|\\.)*"')


@dataclass
class FakeJournal:
    """Commits at once, unless `broken`."""

    broken: bool = False
    saturated: bool = False
    bound: list[BindingChange] = field(default_factory=list)
    kept: dict[tuple[str, str], Keepsake] = field(default_factory=dict)
    calls: list[OpenCall] = field(default_factory=list)
    cdrs: list[Cdr] = field(default_factory=list)
    traces: dict[CallId, list[TraceEvent]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    moved: list[Transition] = field(default_factory=list)

    def promise(self, changes: Sequence[Change], committed: Callable[[bool], None]) -> None:
        for change in () if self.broken else changes:
            if isinstance(change, KeepsakeChange):
                self.kept.pop((change.kind, change.key), None)
                if change.keepsake is not None:
                    self.kept[change.kind, change.key] = change.keepsake
            else:
                self.bound.append(change)
        committed(not self.broken)

    def opened(self, call: OpenCall) -> None:
        self.calls.append(call)

    def closed(self, cdr: Cdr) -> None:
        self.cdrs.append(cdr)

    def agent(self, told: Told) -> None:
        self.told.append(told)

    def agent_moved(self, row: Transition) -> None:
        self.moved.append(row)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        self.traces.setdefault(call, []).extend(events)


class FakeReach:
    def __init__(self) -> None:
        self.gone: set[Flow] = set()
        "Connections that are closed."

    def sent_by(self, flow: Flow) -> str:
        return "127.0.0.1:5060"

    def media_address(self, flow: Flow) -> str:
        return "::1" if ":" in flow.remote[0] else "127.0.0.1"

    def flow_to(self, transport: Transport, host: str, port: int, name: str = "") -> Flow | None:
        return Flow(transport, (host, port)) if transport in (Transport.UDP, Transport.TCP) else None

    def alive(self, flow: Flow) -> bool:
        return flow not in self.gone


class Bench:
    def __init__(
        self,
        directory: FakeDirectory | None = None,
        limits: SipLimits | None = None,
        security: Security | None = None,
        capacity: Capacity | None = None,
        waited: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.now = 1_000.0
        self.directory = directory or FakeDirectory()
        self.journal = FakeJournal()
        self.limits = limits or SipLimits()
        seed = itertools.count(1)
        self.keeper = FakeKeeper()
        self.shield = Shield(
            security or Security(),
            self.limits,
            self.keeper,
            trunk=lambda address: self.directory.trunk_of_source(address) is not None,
            wall=lambda now: int(now * 1000),
        )
        self.fraud = FraudGuard()
        self.reach = FakeReach()
        self.switch = Switch(
            directory=self.directory,
            journal=self.journal,
            reach=self.reach,
            limits=self.limits,
            random=lambda n: next(seed).to_bytes(n, "big"),
            wall=lambda now: int(now * 1000),
            shield=self.shield,
            fraud=self.fraud,
            capacity=capacity,
            waited=waited,
            media_folder="/media",
            trunk_changed=lambda *what: self.trunk_reports.append(what),
        )
        self.trunk_reports: list[tuple[Trunk, str, str, str]] = []
        self.sent: list[tuple[Request | Response, Flow]] = []
        "What we put on the wire and nobody took yet."
        self.commands: list[port.Command] = []
        self.legs: set[port.LegId] = set()
        self.hosts: dict[str, str | None] = {}
        self.zone: dict[tuple[str, str], list[str]] = {}
        self._ports = itertools.count(20_000, 2)
        self.refuse_ports = False
        self.silent_ports = False
        self._unread: list[Received] = []
        self._holding = False
        self._raw: list[bytes] | None = None
        self.asked: list[Ask] = []
        self.kept: list[Keep] = []

    def receive(
        self, data: bytes, source: tuple[str, int], transport: Transport = Transport.UDP, connection: int = 0
    ) -> None:
        self._unread.append((data, Flow(transport, source, 0, connection)))
        if not self._holding:
            self._read()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is received meanwhile is read together at the end."""
        self._holding = True
        yield
        self._holding = False
        self._read()

    @contextlib.contextmanager
    def raw(self) -> Iterator[list[bytes]]:
        """What is sent meanwhile, unread: answers to bad requests are as bad in what they copy."""
        self._raw = sent = []
        yield sent
        self._raw = None

    def _read(self) -> None:
        batch, self._unread = self._unread, []
        passed, turned = self.switch.turnstile.sort(batch, self.now)
        self.switch.receive(passed, self.now)
        for refusal, flow in turned:
            if refusal:
                message = parse_message(refusal)
                assert not isinstance(message, ParseError), (message, refusal)
                self.sent.append((message, flow))
        self.drain()

    def closed(self, flow: Flow) -> None:
        """The connection is no more."""
        self.reach.gone.add(flow)
        self.switch.closed(flow, self.now)
        self.drain()

    def media(self, event: port.Event) -> None:
        self.switch.media_events([event], self.now)
        self.drain()

    def drain(self) -> None:
        """Carry out effects until there are none."""
        while effects := self.switch.take_effects():
            for effect in effects:
                match effect:
                    case Send(data) if self._raw is not None:
                        self._raw.append(data)
                    case Send(data, flow, _):
                        message = parse_message(data)
                        assert not isinstance(message, ParseError), (message, data)
                        assert explained(message), data
                        self.sent.append((message, flow))
                    case Promise(changes, token):
                        self.journal.promise(
                            changes, lambda ok, token=token: self.switch.committed([(token, ok)], self.now)
                        )
                    case Resolve(uri, token):
                        ways = (Transport.UDP, Transport.TCP)
                        self.switch.resolved(token, located(uri, self.look_up, ways), self.now)
                    case Ask():
                        self.asked.append(effect)
                    case Keep():
                        self.kept.append(effect)
                    case command:
                        self._media(command)

    def look_up(self, query: Query) -> Answer:
        """DNS: `zone`, and for an address that is not there `hosts`, where every name is its own."""
        texts = self.zone.get((query.name, query.kind.value))
        if texts is None and query.kind is Kind.A:
            address = self.hosts.get(query.name, query.name)
            return () if address is None else (address,)
        return [record(query.kind, text) for text in texts or ()]

    def _media(self, command: port.Command) -> None:
        self.commands.append(command)
        match command:
            case port.Allocate() if self.silent_ports:
                pass
            case port.Allocate(leg) if self.refuse_ports:
                self.switch.media_events([port.Refused(leg, "every port is taken")], self.now)
            case port.Allocate(leg):
                self.legs.add(leg)
                fingerprint = "sha-256 " + ":".join(["AB"] * 32) if command.webrtc else ""
                self.switch.media_events([port.Allocated(leg, next(self._ports), fingerprint)], self.now)
            case port.Release(leg) if leg in self.legs:  # the engine ignores what it does not know
                self.legs.discard(leg)
                self.switch.media_events([port.Released(leg, port.LegStats(packets_received=7))], self.now)

    def advance(self, seconds: float) -> None:
        """Turn the clock, stopping at every deadline."""
        until = self.now + seconds
        while (at := self.switch.next_timer_at()) is not None and at <= until:
            self.now = max(self.now, at)
            self.switch.handle_timer(self.now)
            self.drain()
        self.now = until

    def take(self) -> list[tuple[Request | Response, Flow]]:
        sent, self.sent = self.sent, []
        return sent

    def idle(self) -> bool:
        """Nothing of any call is left."""
        switch = self.switch
        parts = (switch.calls, switch.admissions, switch.agenda, switch.layer, self.legs)
        return switch.sessions == 0 and not any(len(part) for part in parts)

    def commanded(self, kind: type) -> list[port.Command]:
        return [command for command in self.commands if isinstance(command, kind)]


class Phone:
    """A phone at 127.0.0.`n` that says what the test tells it, and keeps one dialog.

    Its `number` is at our domain, where it names no other.
    """

    def __init__(
        self,
        bench: Bench,
        number: str,
        n: int = 2,
        password: str = "secret",
        transport: Transport = Transport.UDP,
    ) -> None:
        self.bench = bench
        self.transport = transport
        self.number, _, domain = number.partition("@")
        self.domain = domain or "demo.local"
        self.password = password
        self.source = (f"127.0.0.{n}", 5060)
        self.connection = 0
        self.contact = ""
        "Empty: where it sends from."
        self.tag = f"phone{n}"
        self.call_id = f"call-{self.number}-{n}"
        self.cseq = 0
        self.to = ""
        self.invite_branch = ""

    def say(
        self,
        method: str,
        target: str,
        *,
        headers: str = "",
        body: str = "",
        to: str = "",
        branch: str = "",
        cseq: int | None = None,
        content_type: str = "application/sdp",
    ) -> None:
        """Send a request; `to` is a whole To value."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        host, port_ = self.source
        branch = branch or f"z9hG4bK{self.tag}{next(_BRANCHES)}"
        contact = self.contact or f"sip:{self.number}@{host}:{port_}"
        if method == "INVITE":
            self.invite_branch = branch
        text = (
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport.value} {host}:{port_};branch={branch};rport\r\n"
            f"From: <sip:{self.number}@{self.domain}>;tag={self.tag}\r\nTo: {to or f'<{target}>'}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <{contact}>\r\n{headers}"
            + (f"Content-Type: {content_type}\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self.bench.receive(text.encode(), self.source, self.transport, self.connection)

    def reply(
        self,
        request: Request,
        status: int,
        body: str = "",
        tag: str = "",
        headers: str = "",
        contact: str = "",
        content_type: str = "application/sdp",
    ) -> None:
        """Answer a request that reached this phone."""
        host, port_ = self.source
        contact = contact or self.contact or f"sip:{self.number}@{host}:{port_}"
        lines = "".join(f"Via: {value}\r\n" for value in request.headers.all("Via"))
        to = request.headers.get("To") or ""
        if ";tag=" not in to and status > 100:
            to += f";tag={tag or self.tag}"
        text = (
            f"SIP/2.0 {status} X\r\n{lines}From: {request.headers.get('From')}\r\nTo: {to}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.headers.get('CSeq')}\r\n"
            f"Contact: <{contact}>\r\n{headers}"
            + (f"Content-Type: {content_type}\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self.bench.receive(text.encode(), self.source, self.transport, self.connection)

    def got(self) -> list[Request | Response]:
        """What was sent to this phone since the last look; for others it stays."""
        mine = [message for message, flow in self.bench.sent if flow.remote == self.source]
        self.bench.sent = [item for item in self.bench.sent if item[1].remote != self.source]
        return mine

    def statuses(self) -> list[int]:
        return [m.status for m in self.got() if isinstance(m, Response)]

    def sdp(self, port: int = 40_000) -> str:
        return SDP.format(host=self.source[0], port=port)

    def authorization(self, challenge: Response, method: str, uri: str) -> str:
        chosen = choose(challenge.headers.all("WWW-Authenticate"))
        assert chosen is not None, challenge.wire()
        return f"Authorization: {answer(chosen, method, uri, self.number, self.password, 'c0ffee', 1)}\r\n"

    def register(self, expires: int = 600) -> Response:
        """REGISTER with digest; the last response."""
        uri = "sip:demo.local"
        to = f"<sip:{self.number}@demo.local>"
        call_id, self.call_id = self.call_id, f"reg-{self.number}"
        self.say("REGISTER", uri, to=to, headers=f"Expires: {expires}\r\n")
        (challenge,) = self.got()
        assert isinstance(challenge, Response) and challenge.status == 401
        proof = self.authorization(challenge, "REGISTER", uri)
        self.say("REGISTER", uri, to=to, headers=f"Expires: {expires}\r\n{proof}")
        (response,) = self.got()
        assert isinstance(response, Response)
        self.call_id = call_id
        return response

    def dial(self, number: str, body: str | None = None, headers: str = "") -> list[Request | Response]:
        """INVITE, answering the challenge; what came after that."""
        uri = f"sip:{number}@demo.local"
        body = self.sdp() if body is None else body
        self.say("INVITE", uri, body=body, headers=headers)
        got = self.got()
        last = got[-1] if got else None
        if isinstance(last, Response) and last.status == 401:
            self.ack(last, uri)
            proof = self.authorization(last, "INVITE", uri)
            self.say("INVITE", uri, body=body, headers=proof + headers)
            got = self.got()
        for message in got:
            if isinstance(message, Response) and message.status > 100:
                self.to = message.headers.get("To") or ""
                self.remote = str(message.contacts[0].uri) if message.contacts else uri
        return got

    def ack(self, response: Response, uri: str = "", body: str = "") -> None:
        branch = self.invite_branch if response.status >= 300 else ""
        self.say(
            "ACK",
            uri or str(response.contacts[0].uri),
            to=response.headers.get("To") or "",
            branch=branch,
            cseq=response.cseq.number,
            body=body,
        )

    def bye(self) -> None:
        self.say("BYE", self.remote, to=self.to)


def explained(message: Request | Response) -> bool:
    """Every refusal says why, whatever it is of (issue 3, *Explain*)."""
    if isinstance(message, Request) or message.status < 400:
        return True
    warnings = message.headers.all("Warning")
    assert all(_WARNING.fullmatch(text) for text in warnings), message.wire()
    return bool(warnings) or message.headers.get("Reason") is not None


def final(messages: list[Request | Response]) -> Response:
    """The only final response among `messages`."""
    found = [m for m in messages if isinstance(m, Response) and m.status >= 200]
    assert len(found) == 1, messages
    return found[0]


def audio_port(message: Request | Response) -> int:
    match = re.search(rb"m=audio (\d+)", message.body)
    assert match is not None, message.body
    return int(match[1])

"""One end of a call on the bench, with a dialog of its own: what it says inside, whichever side began it."""

import itertools
from dataclasses import dataclass, field

from edge.journal import Cdr, TraceEvent
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import SDP, Bench, Phone

_NAMES = itertools.count()


@dataclass
class Party:
    bench: Bench
    source: tuple[str, int]
    call_id: str
    us: str
    "Value of From in its requests."
    them: str
    target: str
    cseq: int = 100
    routes: list[str] = field(default_factory=list)
    "Values of Route, top first."

    @staticmethod
    def called(bench: Bench, source: tuple[str, int], invite: Request, tag: str = "far") -> "Party":
        """The one that `invite` has reached, once it has answered with `tag`."""
        us = f"{invite.headers.get('To')};tag={tag}"
        them = invite.headers.get("From") or ""
        routes = invite.headers.elements("Record-Route")
        target = str(invite.contacts[0].uri)
        return Party(bench, source, invite.call_id, us, them, target, routes=routes)

    @staticmethod
    def caller(bench: Bench, source: tuple[str, int], success: Response) -> "Party":
        """The one whose INVITE got `success`."""
        us, them = success.headers.get("From") or "", success.headers.get("To") or ""
        return Party(bench, source, success.call_id, us, them, str(success.contacts[0].uri))

    def sdp(self, port: int = 40_000, more: str = "") -> str:
        return SDP.format(host=self.source[0], port=port) + more

    def say(
        self, method: str, body: str = "", headers: str = "", *, cseq: int | None = None, contact: str = ""
    ) -> list[Request | Response]:
        """A request inside the dialog; what came back to it at once."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        host, port = self.source
        branch = f"z9hG4bKparty{next(_NAMES)}"
        lines = "".join(f"Route: {value}\r\n" for value in self.routes) + headers
        if body:
            lines += "Content-Type: application/sdp\r\n"
        self.bench.receive(
            (
                f"{method} {self.target} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch={branch};rport\r\n"
                f"From: {self.us}\r\nTo: {self.them}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\n"
                f"Max-Forwards: 70\r\nContact: {contact or f'<sip:far@{host}:{port}>'}\r\n{lines}"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode(),
            self.source,
        )
        return self.got()

    def reply(self, request: Request, status: int, body: str = "", headers: str = "") -> None:
        """Args: headers: without Contact, it points to us."""
        host, port = self.source
        if "Contact:" not in headers:
            headers += f"Contact: <sip:far@{host}:{port}>\r\n"
        if body:
            headers += "Content-Type: application/sdp\r\n"
        to = request.headers.get("To") or ""
        tag = self.us.rpartition(";tag=")[2]
        if ";tag=" not in to and status > 100:
            to += f";tag={tag}"
        vias = "".join(f"Via: {value}\r\n" for value in request.headers.all("Via"))
        self.bench.receive(
            (
                f"SIP/2.0 {status} X\r\n{vias}From: {request.headers.get('From')}\r\nTo: {to}\r\n"
                f"Call-ID: {request.call_id}\r\nCSeq: {request.headers.get('CSeq')}\r\n"
                f"{headers}Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode(),
            self.source,
        )

    def got(self) -> list[Request | Response]:
        """What came for it since the last look; for others it stays."""
        mine = [message for message, flow in self.bench.sent if flow.remote == self.source]
        self.bench.sent = [item for item in self.bench.sent if item[1].remote != self.source]
        return mine

    def asked(self, *methods: str) -> list[Request]:
        """The requests that came, which must be these; responses are passed over."""
        requests = [message for message in self.got() if isinstance(message, Request)]
        assert [request.method for request in requests] == list(methods), requests
        return requests


CARRIER = ("127.0.0.9", 5060)
DID = "12025550123"


class Trunked:
    """Alice at 127.0.0.2, who is also at `DID`, and a carrier at 127.0.0.9 that has a password of ours."""

    def __init__(self) -> None:
        directory = FakeDirectory()
        directory.add_user("1001")
        directory.add_trunk("main", ip=CARRIER[0], username="us", password="pw", default=True)
        directory.add_did(DID, "user", "1001")
        self.bench = Bench(directory)
        self.alice = Phone(self.bench, "1001")
        self.alice.register()
        self.trunk = Phone(self.bench, "main", 9)

    def outgoing(self, body: str | None = None, headers: str = "") -> tuple[Party, Request]:
        """Alice calls out; the carrier, and the INVITE that it got."""
        self.alice.dial("14155550100", body, headers)
        (invite,) = self.trunk.got()
        assert isinstance(invite, Request)
        return Party.called(self.bench, CARRIER, invite), invite

    def out(self, headers: str = "") -> tuple[Party, Party]:
        """The same call answered: Alice and the carrier."""
        carrier, invite = self.outgoing()
        carrier.reply(invite, 200, carrier.sdp(), headers)
        return self._up(carrier)

    def _up(self, carrier: Party) -> tuple[Party, Party]:
        success = self.alice.got()[-1]
        assert isinstance(success, Response) and success.status == 200, success
        alice = Party.caller(self.bench, self.alice.source, success)
        alice.say("ACK", cseq=success.cseq.number)
        carrier.asked("ACK")
        return alice, carrier

    def incoming(self, body: str | None = None, headers: str = "") -> tuple[Party, Request]:
        """The carrier calls in; Alice, and the INVITE that she got."""
        sdp = self.trunk.sdp() if body is None else body
        self.trunk.say("INVITE", f"sip:{DID}@demo.local", body=sdp, headers=headers)
        (invite,) = self.alice.got()
        assert isinstance(invite, Request), invite
        return Party.called(self.bench, self.alice.source, invite), invite

    def in_(self, headers: str = "") -> tuple[Party, Party]:
        """The same call answered: Alice and the carrier."""
        alice, invite = self.incoming(headers=headers)
        alice.reply(invite, 200, alice.sdp())
        success = self.trunk.got()[-1]
        assert isinstance(success, Response) and success.status == 200, success
        carrier = Party.caller(self.bench, CARRIER, success)
        carrier.say("ACK", cseq=success.cseq.number)
        alice.asked("ACK")
        return alice, carrier

    def traced(self) -> list[TraceEvent]:
        """What was told of the only call, which is over."""
        (events,) = self.bench.journal.traces.values()
        return events

    def over(self) -> Cdr:
        """All is still, and nothing is left; the only CDR."""
        self.bench.advance(120.0)
        assert self.bench.idle(), vars(self.bench.switch)
        (cdr,) = self.bench.journal.cdrs
        return cdr


def asks(status: int, nonce: str, more: str = "") -> str:
    name = "WWW" if status == 401 else "Proxy"
    return f'{name}-Authenticate: Digest realm="carrier {status}", nonce="{nonce}", qop="auth"{more}\r\n'

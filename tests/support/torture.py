"""Messages that are hard to read: how a test writes one, reads it, and sees what the switch answers."""

from edge.directory import Account
from edge.sip.digest import answer, choose
from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench

SOURCE = ("127.0.0.77", 5060)


def wire(text: str, body: bytes = b"") -> bytes:
    """`text` without the line break that opens it, LF as CRLF, then the empty line and `body`."""
    return text.strip("\n").replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def request(data: bytes) -> Request:
    """A request that is well-formed, and still is when we have written it."""
    got = parse_message(data)
    assert isinstance(got, Request), got
    _stays(got)
    return got


def response(data: bytes) -> Response:
    got = parse_message(data)
    assert isinstance(got, Response), got
    _stays(got)
    return got


def fault(data: bytes) -> ParseError:
    got = parse_message(data)
    assert isinstance(got, ParseError), got
    return got


def answers(data: bytes) -> list[int]:
    """The statuses above 100 that a switch serving `demo.local`, which knows nobody there, sends back.

    An answer copies what was wrong with its request (§8.2.6.2), so that not all of them can be parsed.
    """
    bench = Bench()
    bench.switch.receive([(data, Flow(Transport.UDP, SOURCE))], bench.now)
    sent = [effect.data for effect in bench.switch.take_effects() if isinstance(effect, Send)]
    assert all(answer.startswith(b"SIP/2.0 ") for answer in sent)
    return [status for answer in sent if (status := int(answer[8:11])) > 100]


class Everywhere(FakeDirectory):
    """Every domain is the account's; the sender and whom he calls are users, as far as they have names."""

    def __init__(self, message: Request | None = None) -> None:
        super().__init__()
        if message is not None:
            for number in {sender(message), message.uri.user} - {None, ""}:
                assert number is not None
                self.add_user(number)

    def account_of_host(self, host: str) -> Account | None:
        return self._account()


def sender(message: Request) -> str:
    """Who has to prove himself."""
    return (message.to if message.method == "REGISTER" else message.from_).uri.user or ""


def prove(bench: Bench, data: bytes) -> int:
    """The final status that the request gets once its sender has answered the challenge."""
    bench.receive(data, SOURCE)
    challenge = next(m for m, _ in bench.take() if isinstance(m, Response) and m.status == 401)
    asked = request(data)
    chosen = choose(challenge.headers.all("WWW-Authenticate"))
    assert chosen is not None
    value = answer(chosen, asked.method, str(asked.uri), sender(asked), "secret", "c0ffee", 1)
    headers = asked.headers.copy()
    headers.set("CSeq", f"{asked.cseq.number + 1} {asked.method}")
    if asked.branch:  # a peer of RFC 2543 has none
        headers.set_top("Via", str(asked.via.with_param("branch", "z9hG4bKproven")))
    headers.add("Authorization", value)
    bench.receive(Request(asked.method, asked.uri, headers, asked.body).wire(), SOURCE)
    (final,) = [m for m, _ in bench.take() if isinstance(m, Response) and m.status >= 200]
    return final.status


def _stays(got: Request | Response) -> None:
    again = parse_message(got.wire())
    assert not isinstance(again, ParseError), (again, got.wire())
    assert again.wire() == got.wire()
    assert (again.from_, again.to, again.cseq, again.via) == (got.from_, got.to, got.cseq, got.via)

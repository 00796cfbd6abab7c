"""Messages that are hard to read: how a test writes one, reads it, and sees what the switch answers."""

from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
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
    bench.switch.receive(data, Flow(Transport.UDP, SOURCE), bench.now)
    sent = [effect.data for effect in bench.switch.take_effects() if isinstance(effect, Send)]
    assert all(answer.startswith(b"SIP/2.0 ") for answer in sent)
    return [status for answer in sent if (status := int(answer[8:11])) > 100]


def _stays(got: Request | Response) -> None:
    again = parse_message(got.wire())
    assert not isinstance(again, ParseError), (again, got.wire())
    assert again.wire() == got.wire()
    assert (again.from_, again.to, again.cseq, again.via) == (got.from_, got.to, got.cseq, got.via)

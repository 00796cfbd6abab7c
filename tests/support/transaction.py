"""Messages for tests of the transaction layer, made by the product's own parser from literal text."""

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import parse_message

PEER = Flow(Transport.UDP, ("192.0.2.1", 5060))
STREAM = Flow(Transport.TCP, ("192.0.2.1", 5060), connection=7)


def text_of(
    method: str,
    *,
    uri: str = "sip:bob@biloxi.example",
    branch: str = "z9hG4bK1",
    sent_by: str = "192.0.2.1:5060",
    via: str = "",
    transport: str = "UDP",
    from_tag: str = "a",
    to_tag: str = "",
    call_id: str = "c1",
    cseq: int = 1,
    more: tuple[str, ...] = (),
) -> bytes:
    lines = (
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/{transport} {sent_by};branch={branch}{via}",
        "Max-Forwards: 70",
        f"From: Alice <sip:alice@atlanta.example>;tag={from_tag}",
        "To: Bob <sip:bob@biloxi.example>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *more,
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def request(method: str, **parts: object) -> Request:
    """A request as it comes from the wire; the arguments are those of `text_of`."""
    message = parse_message(text_of(method, **parts))  # type: ignore[arg-type]
    assert isinstance(message, Request), message
    return message


def parsed(data: bytes) -> Request | Response:
    message = parse_message(data)
    assert isinstance(message, (Request, Response)), message
    return message


def parsed_request(data: bytes) -> Request:
    message = parsed(data)
    assert isinstance(message, Request)
    return message


def parsed_response(data: bytes) -> Response:
    message = parsed(data)
    assert isinstance(message, Response)
    return message

"""Keep-alives of bare streams (RFC 5626 §3.5.1, §4.4.1)."""

from config.schema import SipLimits
from edge.sip.parse import ParseError, parse_message
from edge.transport.channel import StreamChannel

MESSAGE = b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"


def test_messages_go_as_they_are() -> None:
    channel = StreamChannel(SipLimits())
    assert channel.opened and channel.wrap(MESSAGE) == MESSAGE
    assert channel.receive(MESSAGE + b"\r\n\r\n" + MESSAGE) == [MESSAGE, MESSAGE]
    assert (channel.take_output(), channel.take_output(), channel.signs) == (b"\r\n", b"", 1)


def test_a_peer_that_answered_a_ping_owes_answers_from_then_on() -> None:
    channel = StreamChannel(SipLimits())
    assert channel.ping() == b"\r\n\r\n" and not channel.must_pong
    assert channel.receive(b"\r\n") == [] and channel.must_pong and channel.signs == 1
    assert channel.take_output() == b"", "a pong is not answered"


def test_pongs_in_a_row_are_no_ping() -> None:
    channel = StreamChannel(SipLimits())
    for n in range(1, 4):
        channel.ping()
        channel.receive(b"\r\n")
        assert channel.signs == n and channel.take_output() == b""
    channel.ping()
    assert channel.receive(b"\r\n" + MESSAGE) == [MESSAGE]


def test_a_ping_that_crosses_ours_is_answered() -> None:
    channel = StreamChannel(SipLimits())
    channel.ping()
    channel.receive(b"\r\n\r\n")
    assert channel.take_output() == b"\r\n" and not channel.must_pong


def test_a_message_without_length_is_a_fault() -> None:
    channel = StreamChannel(SipLimits())
    (handed_on,) = channel.receive(b"BYE sip:a SIP/2.0\r\n\r\n")
    assert isinstance(parse_message(handed_on), ParseError) and channel.fault

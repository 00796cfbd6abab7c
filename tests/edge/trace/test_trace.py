"""The trace of a call (S004-62, S004-63)."""

from edge.journal import CallId
from edge.sip.flow import Flow, Transport
from edge.trace.trace import Trace

FLOW = Flow(Transport.UDP, ("192.0.2.1", 5060))


def wall(now: float) -> int:
    return 1_000_000 + int(now * 1000)


def test_rows_keep_their_order_and_their_time() -> None:
    trace = Trace(CallId("call_x"), wall, 10)
    trace.add(0.5, "route", "user", outcome="1001", direction="in")
    trace.add(0.6, "call", "answered")
    rows = trace.take()
    assert [(row.ts, row.layer, row.event) for row in rows] == [
        (1_000_500, "route", "user"),
        (1_000_600, "call", "answered"),
    ]
    assert rows[0].data == {"direction": "in"} and trace.take() == []


def test_the_first_waiting_row_is_announced_once_per_batch() -> None:
    announced = list[float]()
    trace = Trace(CallId("call_x"), wall, 10, lambda _, now: announced.append(now))
    trace.add(1.0, "call", "a")
    trace.add(2.0, "call", "b")
    trace.take()
    trace.add(3.0, "call", "c")
    assert announced == [1.0, 3.0]


def test_rows_beyond_the_limit_are_counted_not_kept() -> None:
    trace = Trace(CallId("call_x"), wall, 2)
    for _ in range(5):
        trace.add(0.0, "call", "again")
    assert len(trace.take()) == 2 and trace.dropped == 3


def test_a_sip_message_is_named_by_method_or_status() -> None:
    trace = Trace(CallId("call_x"), wall, 10)
    trace.sip(0.0, False, b"INVITE sip:a@b SIP/2.0\r\n\r\n", FLOW)
    trace.sip(0.0, True, b"SIP/2.0 180 Ringing\r\n\r\n", FLOW)
    rows = trace.take()
    assert [(row.event, row.outcome) for row in rows] == [("INVITE", "received"), ("180", "sent")]
    assert rows[0].data["peer"] == "udp:192.0.2.1:5060"


def test_the_digest_response_is_masked_however_it_is_written() -> None:
    trace = Trace(CallId("call_x"), wall, 10)
    for header in (
        b'Authorization: Digest username="a", response="0123456789abcdef", nc=1',
        b'PROXY-AUTHORIZATION: Digest\r\n response = "0123456789abcdef"',
        b"authorization: Digest Response=0123456789abcdef, uri=x",
    ):
        trace.sip(0.0, False, b"REGISTER sip:b SIP/2.0\r\n" + header + b"\r\n\r\n", FLOW)
    for row in trace.take():
        message = row.data["message"]
        assert isinstance(message, bytes) and b"0123456789abcdef" not in message and b"***" in message


def test_keys_of_srtp_are_masked() -> None:
    trace = Trace(CallId("call_x"), wall, 10)
    body = b"m=audio 1 RTP/SAVP 0\r\n"
    body += b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20\r\na=sendrecv\r\n"
    trace.sip(0.0, True, b"INVITE sip:a@b SIP/2.0\r\n\r\n" + body, FLOW)
    (row,) = trace.take()
    message = row.data["message"]
    assert isinstance(message, bytes) and b"c2VjcmV0" not in message
    assert b"inline:***|2^20\r\na=sendrecv" in message

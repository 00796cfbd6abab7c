"""Whatever is refused says why on the wire, by the code that the trace has, and what to change (S004-62).

`tests.support.edge.Bench` holds every response of every other test to the first half of it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge
from config.schema import SipLimits
from edge.journal import CallId, TraceEvent
from edge.sip.message import Request, Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final

SNAKE = re.compile(r"[a-z]+(_[a-z0-9]+)*")


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    for number in ("1001", "1002"):
        directory.add_user(number)
    return Bench(directory, SipLimits(calls=3))


def warned(response: Response) -> str:
    """The code of the Warning."""
    match = re.fullmatch(r'3\d\d tandem "([a-z_]+): .+"', response.headers.get("Warning") or "")
    assert match is not None, response.wire()
    return match[1]


def decided(bench: Bench, call: str) -> TraceEvent:
    rows = [row for row in bench.journal.traces[CallId(call)] if row.event in ("refused", "challenged")]
    return rows[-1]


SOURCES = sorted(Path(edge.__file__).parent.rglob("*.py"))


def refusals() -> Iterator[tuple[str, ast.Call]]:
    """Every `Refusal(…)` that is written in the edge."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                yield f"{file.name}:{node.lineno}", node


def test_every_refusal_that_is_written_has_a_code_a_status_and_a_fix() -> None:
    found = list(refusals())
    assert len(found) > 60
    for place, call in found:
        code, status, text, fix = call.args[:4]
        if isinstance(code, ast.Constant):
            assert SNAKE.fullmatch(str(code.value)), place
        if isinstance(status, ast.Constant):
            assert isinstance(status.value, int) and 400 <= status.value < 700, place
        for words in (text, fix):
            assert not (isinstance(words, ast.Constant) and not words.value), (
                f"{place} leaves out why or what"
            )


@pytest.mark.parametrize("number", ["1009", "1002", "+14155550100", "*99", "nobody", "%00"])
def test_a_call_that_is_refused_names_the_rule_alike_on_the_wire_and_in_the_trace(
    bench: Bench, number: str
) -> None:
    response = final(Phone(bench, "1001").dial(number))
    bench.advance(40.0)
    (cdr,) = bench.journal.cdrs
    row = decided(bench, cdr.id)
    assert response.status >= 400 and warned(response) == row.outcome == cdr.cause
    assert row.data["status"] == response.status and row.data["fix"]


def test_a_call_too_many_names_the_limit(bench: Bench) -> None:
    for n in range(2, 5):
        assert final(Phone(bench, "1001", n).dial("*43")).status == 200
    fourth = Phone(bench, "1001", 9)
    fourth.say("INVITE", "sip:*43@demo.local", body=fourth.sdp())
    (response,) = fourth.got()
    assert isinstance(response, Response) and response.status == 503 and response.headers.get("Retry-After")
    bench.advance(9.0)
    row = decided(bench, fourth.call_id)
    assert warned(response) == row.outcome == "too_many_calls"
    assert row.data["fix"] == "raise limits.sip.calls"


def answer_to(bench: Bench, phone: Phone, method: str, **more: str) -> Response:
    """The final answer to a request outside of dialogs, credentials given where they are asked for."""
    target = more.pop("target", "sip:1002@demo.local")
    headers = more.pop("headers", "")
    body = more.pop("body", phone.sdp() if method == "INVITE" else "")
    phone.say(method, target, headers=headers, body=body, **more)  # type: ignore[arg-type]
    got = [m for m in phone.got() if isinstance(m, Response) and m.status >= 200]
    if got and got[0].status == 401:
        assert warned(got[0]) == "no_credentials"
        proof = phone.authorization(got[0], method, target)
        phone.say(method, target, headers=headers + proof, body=body, **more)  # type: ignore[arg-type]
        got = [m for m in phone.got() if isinstance(m, Response) and m.status >= 200]
    (response,) = got
    return response


DOORS = [
    ("INVITE", {"target": "mailto:a@b.example"}, 416, "unsupported_uri_scheme"),
    ("INVITE", {"headers": "Require: 100rel, gruu\r\n"}, 420, "bad_extension"),
    ("INVITE", {"headers": "Max-Forwards: 0\r\n"}, 0, ""),
    ("INVITE", {"content_type": "text/html", "body": "hello"}, 415, "unsupported_media_type"),
    ("INVITE", {"body": "no description"}, 0, "bad_sdp"),
    ("INVITE", {"headers": "Session-Expires: 10\r\nSupported: timer\r\n"}, 422, "session_interval_too_small"),
    ("INVITE", {"headers": "Accept: text/html\r\n"}, 406, "not_acceptable"),
    ("INVITE", {"headers": "Replaces: what\r\n"}, 400, "bad_replaces"),
    ("INVITE", {"headers": "Replaces: a;to-tag=b;from-tag=c\r\n" * 2}, 400, "bad_replaces"),
    ("INVITE", {"headers": "Replaces: a;to-tag=b;from-tag=c\r\nJoin: a\r\n"}, 400, "bad_replaces"),
    ("INVITE", {"headers": "Replaces: a;to-tag=b;from-tag=c\r\n"}, 481, "no_such_dialog"),
    ("REGISTER", {"target": "sip:demo.local", "to": "<tel:1001>"}, 400, "bad_to"),
    ("REGISTER", {"target": "sip:demo.local", "to": "<sip:1002@demo.local>"}, 403, "foreign_aor"),
    ("REGISTER", {"target": "sip:demo.local", "to": "<sip:a%22%5C@demo.local>"}, 403, "foreign_aor"),
    ("REGISTER", {"to": "<sip:1001@demo.local>", "headers": "Expires: 1\r\n"}, 423, "interval_too_brief"),
    ("SUBSCRIBE", {"headers": "Event: refer\r\n"}, 489, "bad_event"),
    ("SUBSCRIBE", {"headers": "Event: dialog\r\nExpires: 1\r\n"}, 423, "interval_too_brief"),
    ("SUBSCRIBE", {"headers": "Event: dialog\r\n", "target": "sip:77@demo.local"}, 404, "no_such_user"),
    ("MESSAGE", {"target": "sip:77@demo.local"}, 404, "no_such_user"),
    ("PUBLISH", {}, 405, "method_not_allowed"),
    ("NOTIFY", {}, 405, "method_not_allowed"),
    ("REFER", {}, 403, "no_call"),
    ("BYE", {"to": "<sip:1002@demo.local>;tag=gone"}, 481, "no_such_dialog"),
    ("CANCEL", {}, 481, "call_transaction_does_not_exist"),
    ("FANCY", {}, 501, "not_implemented"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "more", "status", "code"), DOORS)
def test_what_is_refused_at_the_door_says_why(
    bench: Bench, method: str, more: dict[str, str], status: int, code: str
) -> None:
    """RFC 3261 §8.2, §20.43; RFC 3326."""
    response = answer_to(bench, Phone(bench, "1001"), method, **more)
    assert response.status == status or (not status and response.status >= 400), response.wire()
    assert response.headers.get("Warning"), response.wire()
    if code:
        assert warned(response) == code


IN_DIALOG = [
    ("INVITE", {"body": "m=audio 0 RTP/AVP 0"}, None),
    ("INVITE", {"content_type": "text/html", "body": "hello"}, 415),
    ("INVITE", {"headers": "Require: gruu\r\n"}, 420),
    ("UPDATE", {"headers": "Session-Expires: 5\r\nSupported: timer\r\n"}, 422),
    ("REFER", {"headers": "Refer-To: <sip:nobody@demo.local>\r\n"}, None),
    ("REFER", {}, 400),
    ("SUBSCRIBE", {"headers": "Event: refer\r\n"}, None),
    ("PUBLISH", {}, 405),
    ("NOTIFY", {}, 405),
    ("FANCY", {}, 501),
    ("BYE", {"cseq": "1"}, 500),
]


@pytest.mark.parametrize(("method", "more", "status"), IN_DIALOG)
def test_what_is_refused_within_a_call_says_why_and_the_call_goes_on(
    bench: Bench, method: str, more: dict[str, str], status: int | None
) -> None:
    phone = Phone(bench, "1001")
    answered = final(phone.dial("*43"))
    phone.ack(answered)
    cseq = int(more["cseq"]) if "cseq" in more else None
    rest = {key: value for key, value in more.items() if key != "cseq"}
    phone.say(method, phone.remote, to=phone.to, cseq=cseq, **rest)
    (response,) = [m for m in phone.got() if isinstance(m, Response) and m.status >= 200]
    assert response.status == (status or response.status) and response.status >= 400
    assert response.headers.get("Warning") or response.headers.get("Reason")
    assert len(bench.switch.calls) == 1


@pytest.mark.parametrize("status", [403, 404, 480, 486, 488, 500, 503, 603])
def test_a_refusal_of_the_callee_goes_on_with_a_reason(bench: Bench, status: int) -> None:
    """RFC 3326, RFC 3398 §8: whose status it was, and its Q.850 cause."""
    callee = Phone(bench, "1002", 3)
    callee.register()
    caller = Phone(bench, "1001")
    caller.dial("1002")
    invite = next(m for m in callee.got() if isinstance(m, Request))
    callee.reply(invite, status)
    response = final(caller.got())
    assert response.headers.get("Warning") or response.headers.get("Reason")
    assert "Q.850;cause=" in (response.headers.get("Reason") or "")

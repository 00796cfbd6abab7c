"""hangup: BYE, or a status."""

import pytest

from edge.sip.message import Request
from edge.tone import tones
from media import port
from tests.support.flow_call import FlowCall


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("", 603),
        (", cause: busy", 486),
        (", cause: unavailable", 480),
        (", cause: not_found", 404),
        (", status: 410", 410),
    ],
)
def test_an_unanswered_call_is_refused(fields: str, status: int) -> None:
    call = FlowCall("nodes: {h: {kind: hangup" + fields + "}}", answered=False)
    assert call.bench.journal.cdrs[0].sip_status == status


def test_an_answered_call_is_ended_in_good_order() -> None:
    call = FlowCall("nodes: {s: {kind: say, text: Bye., next: h}, h: {kind: hangup}}")
    call.hears()
    (bye,) = call.phone.got()
    assert isinstance(bye, Request) and bye.method == "BYE"
    assert call.bench.journal.cdrs[0].disposition == "answered"


@pytest.mark.parametrize(
    ("cause", "status", "name"),
    [("busy", 486, "busy"), ("congestion", 503, "congestion"), ("not_found", 404, "intercept")],
)
def test_a_caller_hears_the_tone_of_the_cause_in_early_media_before_the_status(
    cause: str, status: int, name: str
) -> None:
    call = FlowCall(f"nodes: {{h: {{kind: hangup, cause: {cause}, tone: 4s}}}}", answered=False)
    assert call.bench.commanded(port.Tone) == [port.Tone(call.leg, "1.tone", *getattr(tones("us"), name))]
    (early,) = [answer for answer in call.answers if not isinstance(answer, Request) and answer.status == 183]
    assert early.body
    assert not call.bench.journal.cdrs
    call.bench.advance(4.0)
    assert call.bench.journal.cdrs[0].sip_status == status


def test_an_answered_caller_hears_the_tone_before_the_bye() -> None:
    call = FlowCall("nodes: {s: {kind: say, text: Bye., next: h}, h: {kind: hangup, tone: 2s}}")
    call.hears()
    call.phone.got()
    assert len(call.bench.commanded(port.Tone)) == 1
    call.bench.advance(2.0)
    (bye,) = call.phone.got()
    assert isinstance(bye, Request) and bye.method == "BYE"

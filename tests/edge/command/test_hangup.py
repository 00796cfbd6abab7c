"""hangup: BYE, or a status."""

import pytest

from edge.sip.message import Request
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

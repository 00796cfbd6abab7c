"""Calls that are answered here and nobody else is asked."""

import pytest

from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.mark.parametrize(("kind", "echoes"), [("echo", 1), ("answer", 0)])
def test_echo_and_pick_up_answer_at_once(kind: str, echoes: int) -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", kind)
    caller = Phone(bench, "eve", 6)
    assert final(caller.dial("12025550123")).status == 200
    assert len(bench.commanded(port.Echo)) == echoes and len(bench.commanded(port.Connect)) == 1


def test_an_offer_that_cannot_be_met_starts_no_echo() -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", "echo")
    caller = Phone(bench, "eve", 6)
    body = caller.sdp().replace("RTP/AVP 0 8 101", "RTP/AVP 18")
    assert final(caller.dial("12025550123", body)).status == 488
    assert not bench.commanded(port.Echo) and not bench.legs

"""Calls that are answered here and nobody else is asked."""

import pytest

from edge.sip.message import Request
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.mark.parametrize(("kind", "echoes"), [("echo", 1), ("answer", 0)])
def test_echo_and_pick_up_answer_at_once(kind: str, echoes: int) -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", kind)
    caller = Phone(bench, "eve@away.example", 6)
    assert final(caller.dial("12025550123")).status == 200
    assert len(bench.commanded(port.Echo)) == echoes and len(bench.commanded(port.Connect)) == 1


def test_an_offer_that_cannot_be_met_starts_no_echo() -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", "echo")
    caller = Phone(bench, "eve@away.example", 6)
    body = caller.sdp().replace("RTP/AVP 0 8 101", "RTP/AVP 18")
    assert final(caller.dial("12025550123", body)).status == 488
    assert not bench.commanded(port.Echo) and not bench.legs


def test_a_call_whose_audio_worker_died_ends_once_with_that_cause_and_gives_its_channel_back() -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", "echo")
    caller = Phone(bench, "eve@away.example", 6)
    answer = final(caller.dial("12025550123"))
    caller.ack(answer)
    (leg,) = bench.legs
    bench.legs.clear()
    bench.take()
    for _ in range(2):
        bench.media(port.Lost(leg, "media_worker_died"))
    assert [message.method for message, _ in bench.take() if isinstance(message, Request)] == ["BYE"]
    assert [(cdr.disposition, cdr.cause) for cdr in bench.journal.cdrs] == [("answered", "media_worker_died")]
    assert not bench.switch.calls and not len(bench.switch.admissions)


def test_a_leg_that_is_lost_before_it_has_a_port_refuses_the_caller() -> None:
    bench = Bench(FakeDirectory())
    bench.directory.add_did("12025550123", "echo")
    bench.silent_ports = True
    caller = Phone(bench, "eve@away.example", 6)
    caller.dial("12025550123")
    (allocate,) = bench.commanded(port.Allocate)
    bench.media(port.Lost(allocate.leg, "media_worker_died"))
    assert [cdr.cause for cdr in bench.journal.cdrs] == ["media_worker_died"]
    assert not bench.switch.calls

"""RFC 3263 §4.3: servers that could not serve are asked last for a while."""

from config.schema import SipLimits
from edge.call.outage import Outages
from edge.sip.flow import Flow, Transport

A, B, C = (Flow(Transport.UDP, (f"192.0.2.{n}", 5060)) for n in (1, 2, 3))
LIMITS = SipLimits(server_rest=30.0, servers_resting=2)


def order(outages: Outages, now: float) -> list[Flow]:
    return outages.last((A, B, C), lambda flow: flow, now)


def test_who_rests_is_last_and_the_order_of_the_others_stands() -> None:
    outages = Outages(LIMITS)
    assert order(outages, 0.0) == [A, B, C]
    outages.note(A, 0.0)
    assert order(outages, 29.9) == [B, C, A]
    assert order(outages, 30.0) == [A, B, C] and len(outages) == 0


def test_a_server_says_how_long_it_wants_to_rest() -> None:
    outages = Outages(LIMITS)
    outages.note(A, 0.0, seconds=120.0)
    outages.note(B, 0.0, seconds=1e9)
    assert order(outages, 119.0) == [C, A, B] and order(outages, 120.0) == [A, C, B]
    assert order(outages, 300.0) == [A, B, C]


def test_one_that_serves_again_is_back_at_once() -> None:
    outages = Outages(LIMITS)
    outages.note(A, 0.0)
    outages.over(A)
    outages.over(B)
    assert order(outages, 0.0) == [A, B, C]


def test_what_is_remembered_is_bounded() -> None:
    outages = Outages(LIMITS)
    for flow in (A, B, C):
        outages.note(flow, 0.0)
    assert len(outages) == 2 and order(outages, 0.0) == [A, B, C]

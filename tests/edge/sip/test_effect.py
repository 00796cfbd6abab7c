"""What the layer asks of the world is a value: comparable, and unpacked by `match`."""

from edge.sip.effect import Cancelled, Effect, EndReason, Failed, Incoming, Send
from edge.sip.effect import ClientKey as Key
from tests.support.transaction import PEER, request


def test_equal_effects_are_equal_and_take_apart_in_the_order_of_their_fields() -> None:
    effect: Effect = Failed(Key("1 INVITE"), EndReason.TIMEOUT)
    assert effect == Failed(Key("1 INVITE"), EndReason.TIMEOUT)
    match effect:
        case Failed(key, reason):
            assert (key, reason) == ("1 INVITE", EndReason.TIMEOUT)
        case _:
            raise AssertionError(effect)
    assert Send.__match_args__ == ("data", "flow", "key")
    assert Incoming.__match_args__ == ("request", "flow", "key")
    assert Cancelled.__match_args__ == ("key", "request")
    ack = request("ACK")
    assert Incoming(ack, PEER, None) == Incoming(ack, PEER, None)

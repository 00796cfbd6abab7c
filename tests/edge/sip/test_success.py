"""RFC 3261 §13.3.1.4: a 2xx is sent again until its ACK, which nobody but the user sees."""

import itertools

from edge.sip.message import Request
from tests.support.session import Talk

SDP = b"v=0\r\n"


def test_it_is_sent_at_growing_intervals_until_64_t1_and_then_given_up() -> None:
    talk = Talk()
    talk.called().accept(SDP, talk.now)
    at: list[float] = []
    talk.settle()
    while not any(isinstance(message, Request) for message in talk.sent):
        at += [talk.now] * len(talk.take())
        talk.advance(0.25)
    assert [b - a for a, b in itertools.pairwise(at[:8])] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert talk.now == 32.0
    talk.took("BYE")


def test_the_ack_of_another_invite_does_not_stop_it() -> None:
    talk = Talk()
    talk.called().accept(SDP, talk.now)
    talk.settle()
    talk.take()
    talk.receive(talk.make("ACK", 2))
    talk.advance(0.5)
    talk.took(200)
    talk.receive(talk.make("ACK", 1))
    talk.advance(64.0)
    talk.took()
    assert talk.session.confirmed and len(talk.agenda) == 0

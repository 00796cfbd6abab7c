"""RFC 3261 §18.1.1: what is too large for a datagram goes by TCP, also where it grew in the session."""

import pytest

from edge.sip.flow import Flow, Transport
from edge.sip.keyring import Keyring
from edge.sip.large import LARGE, Large
from edge.sip.message import Request
from edge.sip.session_event import Answered, Refused
from tests.support.session import FLOW, Talk

BY_TCP = Flow(Transport.TCP, FLOW.remote)


@pytest.fixture
def given_up() -> list[float]:
    """When nobody took a connection."""
    return []


def large(given_up: list[float]) -> Large:
    def by_tcp(flow: Flow, now: float) -> Flow | None:
        return None if given_up else Flow(Transport.TCP, flow.remote)

    return Large(by_tcp, lambda flow, at: given_up.append(at))


@pytest.fixture
def talk(given_up: list[float]) -> Talk:
    made = Talk()
    made.calling(Keyring("us", "secret", bytes), large(given_up))
    return made


def challenged(talk: Talk, length: int) -> Request:
    """The INVITE with credentials whose nonce is so long."""
    (invite,) = talk.took("INVITE")
    assert isinstance(invite, Request) and invite.via.transport == "UDP", "small as it is"
    nonce = "n" * length
    talk.answer(
        invite, 407, headers=(("Proxy-Authenticate", f'Digest realm="r", nonce="{nonce}", qop="auth"'),)
    )
    _ack, again = talk.took("ACK", "INVITE")
    assert isinstance(again, Request)
    return again


def refuse(talk: Talk) -> None:
    talk.layer.unreachable(BY_TCP, talk.now)
    talk.settle()


@pytest.mark.parametrize("length", range(300, 1_000, 25))
def test_an_invite_that_grew_by_its_credentials_goes_by_tcp(talk: Talk, length: int) -> None:
    again = challenged(talk, length)
    by_tcp = again.via.transport == "TCP"
    assert by_tcp or len(again.wire()) <= LARGE
    assert not by_tcp or len(again.wire()) > LARGE - 150, "and no other does"


def test_where_nobody_takes_the_connection_it_goes_by_udp_at_once(talk: Talk, given_up: list[float]) -> None:
    by_tcp = challenged(talk, 1_000)
    refuse(talk)
    (again,) = talk.took("INVITE")
    assert isinstance(again, Request) and again.via.transport == "UDP" and given_up == [talk.now]
    proof = "Proxy-Authorization"
    assert (again.cseq, again.headers.get(proof)) == (by_tcp.cseq, by_tcp.headers.get(proof))
    talk.answer(again, 200, body=b"v=0\r\n")
    assert talk.took_events() == [Answered(b"v=0\r\n")]
    talk.took("ACK")
    talk.session.bye(talk.now)
    talk.settle()
    (bye,) = talk.took("BYE")
    assert isinstance(bye, Request) and bye.via.transport == "UDP", "what follows does not wait for it again"


def test_inside_the_call_too(talk: Talk, given_up: list[float]) -> None:
    talk.answer(challenged(talk, 1_000), 200, body=b"v=0\r\n")
    talk.took("ACK")
    talk.session.bye(talk.now)
    talk.settle()
    (bye,) = talk.took("BYE")
    assert isinstance(bye, Request) and bye.via.transport == "TCP" and len(bye.wire()) > LARGE
    refuse(talk)
    (again,) = talk.took("BYE")
    assert isinstance(again, Request) and again.via.transport == "UDP" and len(given_up) == 1
    talk.answer(again, 200)
    assert talk.session.done


def test_who_says_nothing_by_tcp_is_not_called_twice(talk: Talk) -> None:
    challenged(talk, 1_000)
    talk.advance(33.0)
    assert [e.status for e in talk.took_events() if isinstance(e, Refused)] == [408] and talk.sent == []


def test_a_call_that_is_given_up_is_not_begun_again_by_udp(talk: Talk) -> None:
    challenged(talk, 1_000)
    talk.session.cancel(talk.now)  # type: ignore[attr-defined]
    talk.settle()
    refuse(talk)
    assert not [m for m in talk.sent if isinstance(m, Request) and m.method == "INVITE"]

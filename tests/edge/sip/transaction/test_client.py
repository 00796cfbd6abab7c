"""Our requests through the layer: matching, CANCEL, what is left of a finished one (RFC 3261 §17.1, §9.1)."""

from itertools import count

from edge.sip.build import response_to
from edge.sip.effect import Answer, ClientKey, Effect, EndReason, Failed, Send
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.client import ClientTransactions
from edge.sip.transaction.deadline import Deadline
from tests.support.transaction import PEER, STREAM, parsed_request, request

OTHER = Flow(Transport.UDP, ("192.0.2.2", 5060))


class Client:
    """The client side with a list of what it asked for."""

    def __init__(self) -> None:
        branch = count(1)
        self.effects: list[Effect] = []
        self.side = ClientTransactions(
            TimerValues(),
            lambda: f"z9hG4bK{next(branch)}",
            lambda _: "198.51.100.1:5060",
            100,
            self.effects,
            Deadline(),
        )

    def start(self, method: str, flow: Flow = PEER, now: float = 0.0) -> tuple[ClientKey, Request]:
        message = request(method)
        message.headers.remove("Via")
        key = self.side.request(message, flow, now)
        (sent,) = self.sent()
        return key, parsed_request(sent.data)

    def drain(self) -> list[Effect]:
        effects = self.effects[:]
        self.effects.clear()
        return effects

    def sent(self) -> list[Send]:
        return [effect for effect in self.drain() if isinstance(effect, Send)]


def answer(to: Request, status: int) -> Response:
    return response_to(to, status, to_tag="b")


def test_our_via_is_on_top_and_asks_for_rport() -> None:
    """§8.1.1.7, RFC 3581 §3."""
    _, sent = Client().start("OPTIONS")
    assert str(sent.via) == "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1;rport"


def test_the_users_request_is_left_alone_so_that_it_can_be_sent_again() -> None:
    client = Client()
    message = request("OPTIONS")
    message.headers.remove("Via")
    assert client.side.request(message, PEER, 0.0) != client.side.request(message, STREAM, 0.0)
    first, second = client.sent()
    assert parsed_request(first.data).headers.all("Via") == [
        "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1;rport"
    ]
    assert parsed_request(second.data).headers.all("Via") == [
        "SIP/2.0/TCP 198.51.100.1:5060;branch=z9hG4bK2;rport"
    ]


def test_a_response_is_matched_by_branch_and_method() -> None:
    """§17.1.3."""
    client = Client()
    key, sent = client.start("OPTIONS")
    wrong = answer(sent, 200)
    wrong.headers.set("CSeq", "1 INVITE")
    client.side.receive(wrong, 0.1)
    client.side.receive(answer(request("OPTIONS", branch="z9hG4bKx"), 200), 0.1)
    assert client.drain() == []
    ok = answer(sent, 200)
    client.side.receive(ok, 0.1)
    client.side.receive(answer(sent, 200), 0.2)
    assert client.drain() == [Answer(key, ok)]
    assert len(client.side) == 0


def test_copies_of_a_failure_are_acknowledged_until_timer_d() -> None:
    """§17.1.1.2: the ACK goes where the INVITE went, with the same bytes."""
    client = Client()
    _, sent = client.start("INVITE")
    client.side.receive(answer(sent, 486), 0.1)
    acknowledged, _ = client.drain()
    assert isinstance(acknowledged, Send) and acknowledged.flow == PEER
    assert client.side.live == 0 and len(client.side) == 1
    client.side.receive(answer(sent, 486), 20.0)
    client.side.receive(answer(sent, 180), 20.0)
    client.side.receive(answer(sent, 200), 20.0)
    assert client.drain() == [acknowledged]
    client.side.handle_timer(32.5)
    client.side.receive(answer(sent, 486), 32.6)
    assert client.drain() == [] and len(client.side) == 0


def test_on_a_reliable_transport_a_failure_leaves_nothing() -> None:
    client = Client()
    _, sent = client.start("INVITE", STREAM)
    client.side.receive(answer(sent, 486), 0.1)
    assert len(client.side) == 0


def test_copies_of_a_2xx_go_up_until_timer_m() -> None:
    """RFC 6026 §7.2."""
    client = Client()
    key, sent = client.start("INVITE")
    for now in (0.1, 0.6, 31.0):
        ok = answer(sent, 200)
        client.side.receive(ok, now)
        assert client.drain() == [Answer(key, ok)]
    client.side.receive(answer(sent, 486), 31.0)
    client.side.handle_timer(33.0)
    client.side.receive(answer(sent, 200), 33.0)
    assert client.drain() == [] and len(client.side) == 0


def test_a_cancel_is_a_transaction_of_its_own_on_the_invites_branch() -> None:
    """§9.1."""
    client = Client()
    key, invite = client.start("INVITE")
    client.side.cancel(key, 0.1, (("Reason", "SIP;cause=200"),))
    assert client.drain() == []
    client.side.receive(answer(invite, 180), 0.2)
    (sent,) = client.sent()
    cancel = parsed_request(sent.data)
    assert (cancel.method, cancel.branch, cancel.headers.get("Reason")) == (
        "CANCEL", invite.branch, "SIP;cause=200",
    )  # fmt: skip
    client.side.handle_timer(0.7)
    assert [again.data for again in client.sent()] == [sent.data]
    client.side.receive(answer(cancel, 200), 0.8)
    assert client.drain() == []
    gone = answer(invite, 487)
    client.side.receive(gone, 0.9)
    assert Answer(key, gone) in client.drain()
    client.side.handle_timer(100.0)
    assert len(client.side) == 0 and client.side.next_timer_at() is None


def test_a_cancel_that_is_never_answered_ends_with_the_invite() -> None:
    """§9.1: 64·T1 after the CANCEL the transaction is cancelled by definition."""
    client = Client()
    key, invite = client.start("INVITE")
    client.side.receive(answer(invite, 180), 0.1)
    client.side.cancel(key, 5.0, ())
    client.drain()
    told = []
    while (now := client.side.next_timer_at()) is not None:
        client.side.handle_timer(now)
        told += [(effect, now) for effect in client.drain() if not isinstance(effect, Send)]
    assert told == [(Failed(key, EndReason.TIMEOUT), 37.0)]
    assert len(client.side) == 0


def test_cancelling_what_is_no_pending_invite_is_void() -> None:
    client = Client()
    options, _ = client.start("OPTIONS")
    invite, sent = client.start("INVITE")
    client.side.receive(answer(sent, 200), 0.1)
    client.drain()
    for key in (options, invite, ClientKey("unknown")):
        client.side.cancel(key, 0.2, ())
    assert client.drain() == []


def test_an_unreachable_flow_fails_its_requests_and_no_others() -> None:
    client = Client()
    first, _ = client.start("INVITE")
    second, _ = client.start("OPTIONS")
    client.start("OPTIONS", OTHER)
    client.side.unreachable(PEER, 0.1)
    assert client.drain() == [Failed(first, EndReason.UNREACHABLE), Failed(second, EndReason.UNREACHABLE)]
    client.side.unreachable(PEER, 0.2)
    assert client.drain() == [] and client.side.live == 1


def test_what_crossed_the_end_of_a_connection_is_sent_once_more() -> None:
    """§18.4: a proxy closes what has been idle, just as we use it. What was heard of is lost with it."""
    client, dialled = Client(), Flow(Transport.TCP, ("192.0.2.9", 5060))
    invite, first = client.start("INVITE", dialled)
    options, second = client.start("OPTIONS", dialled)
    heard, third = client.start("INVITE", dialled)
    client.side.receive(answer(third, 180), 0.1)
    client.drain()
    client.side.closed(dialled, 0.2)
    again = client.drain()
    assert again == [
        Send(first.wire(), dialled, invite),
        Send(second.wire(), dialled, options),
        Failed(heard, EndReason.UNREACHABLE),
    ]
    client.side.closed(dialled, 0.3)
    unreachable = [Failed(key, EndReason.UNREACHABLE) for key in (invite, options)]
    assert client.drain() == unreachable and len(client.side) == 0


def test_what_came_by_a_connection_of_the_peer_cannot_be_sent_by_another() -> None:
    client, theirs = Client(), Flow(Transport.TCP, ("192.0.2.9", 40_001), 0, 7)
    key, _ = client.start("INVITE", theirs)
    client.side.closed(theirs, 0.2)
    assert client.drain() == [Failed(key, EndReason.UNREACHABLE)]


def test_an_unreachable_flow_ends_a_cancelled_invite_and_its_cancel() -> None:
    client = Client()
    key, invite = client.start("INVITE")
    client.side.receive(answer(invite, 180), 0.1)
    client.side.cancel(key, 0.2, ())
    client.drain()
    client.side.unreachable(PEER, 0.3)
    assert client.drain() == [Failed(key, EndReason.UNREACHABLE)] and len(client.side) == 0


def test_an_ack_sent_again_is_the_same_ack() -> None:
    """§13.2.2.4: on a branch of its own, and the same for each copy of the 2xx."""
    client = Client()
    ack = request("ACK", to_tag="b")
    ack.headers.remove("Via")
    client.side.send_ack(ack, PEER)
    client.side.send_ack(ack, PEER)
    first, second = client.sent()
    assert first == second and first.key is None
    assert parsed_request(first.data).headers.all("Via") == [
        "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1;rport"
    ]

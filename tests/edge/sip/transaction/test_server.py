"""Requests of peers through the layer (RFC 3261 §17.2, §18.2, §9.2, §8.2.2.2)."""

import pytest

from edge.sip.build import response_to
from edge.sip.effect import Cancelled, Effect, Incoming, Send, ServerKey, Unacknowledged
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.parse import ParseError, parse_message
from edge.sip.timer import TimerValues
from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.server import ServerTransactions
from tests.support.transaction import PEER, STREAM, parsed_response, request, text_of

NAT = Flow(Transport.UDP, ("203.0.113.9", 40_000))


class Server:
    """The server side with a list of what it asked for."""

    def __init__(self, limit: int = 100) -> None:
        self.effects: list[Effect] = []
        self.side = ServerTransactions(TimerValues(), limit, self.effects, Deadline())

    def receive(self, message: Request, now: float = 0.0, flow: Flow = PEER) -> list[Effect]:
        self.side.receive(message, flow, now)
        return self.drain()

    def incoming(self, message: Request, now: float = 0.0, flow: Flow = PEER) -> ServerKey:
        (effect,) = self.receive(message, now, flow)
        assert isinstance(effect, Incoming) and effect.request is message and effect.flow == flow
        assert effect.key is not None
        return effect.key

    def respond(self, key: ServerKey, to: Request, status: int, now: float = 0.0) -> list[Effect]:
        self.side.respond(key, response_to(to, status, to_tag="b"), now)
        return self.drain()

    def drain(self) -> list[Effect]:
        effects = self.effects[:]
        self.effects.clear()
        return effects

    def run_out(self, now: float) -> None:
        """Turn the clock far enough that nothing is left to wait for."""
        self.side.handle_timer(now + 100.0)
        self.effects.clear()
        self.side.handle_timer(now + 200.0)
        assert len(self.side) == 0 and self.side.live == 0 and self.side.next_timer_at() is None


def statuses(effects: list[Effect]) -> list[int]:
    return [parsed_response(effect.data).status for effect in effects if isinstance(effect, Send)]


def test_a_request_goes_up_once_and_its_copies_get_the_same_answer() -> None:
    server = Server()
    options = request("OPTIONS")
    key = server.incoming(options)
    assert server.receive(request("OPTIONS")) == []  # §17.2.2: in Trying a copy is discarded
    sent = server.respond(key, options, 200)
    assert server.receive(request("OPTIONS"), 30.0) == sent
    assert server.respond(key, options, 404, 30.0) == []
    server.run_out(30.0)


def test_a_response_finds_its_way_through_a_nat() -> None:
    """RFC 3581 §4."""
    server = Server()
    options = request("OPTIONS", sent_by="10.0.0.1:5060", via=";rport")
    (sent,) = server.respond(server.incoming(options, flow=NAT), options, 200)
    assert isinstance(sent, Send) and sent.flow == NAT
    assert (options.via.received, options.via.rport) == ("203.0.113.9", 40_000)
    assert parsed_response(sent.data).via == options.via


def test_without_rport_a_response_goes_to_the_port_of_sent_by() -> None:
    """RFC 3261 §18.2.2."""
    server = Server()
    options = request("OPTIONS", sent_by="10.0.0.1:5070")
    (sent,) = server.respond(server.incoming(options, flow=NAT), options, 200)
    assert isinstance(sent, Send) and sent.flow.remote == ("203.0.113.9", 5070)


def test_an_invite_is_refused_and_the_ack_absorbed() -> None:
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    assert statuses(server.respond(key, invite, 486)) == [486]
    assert statuses(server.receive(request("INVITE"), 0.3)) == [486]
    assert server.receive(request("ACK", to_tag="b"), 0.4) == []
    assert server.side.live == 0
    for copy in ("ACK", "INVITE"):
        assert server.receive(request(copy, to_tag="b" if copy == "ACK" else ""), 0.5) == []
    server.side.handle_timer(5.7)
    assert len(server.side) == 0
    server.run_out(5.7)


@pytest.mark.parametrize("acknowledged", [True, False])
def test_the_second_round_of_a_challenge_may_keep_the_branch(acknowledged: bool) -> None:
    """Against RFC 3261 §8.1.1.7, as pyVoIP 1.6 does: the CSeq tells it from a copy."""
    server = Server()
    first = request("INVITE")
    key = server.incoming(first)
    server.respond(key, first, 401)
    if acknowledged:
        server.receive(request("ACK", to_tag="b"))
    second = request("INVITE", cseq=2)
    assert server.receive(second, 0.1) == [Incoming(second, PEER, key)]
    assert server.receive(request("INVITE", cseq=2), 0.2) == []
    assert statuses(server.respond(key, second, 200, 0.3)) == [200]
    ack = request("ACK", cseq=2, to_tag="b")
    assert server.receive(ack, 0.4) == [Incoming(ack, PEER, key)]
    server.run_out(0.4)


def test_calls_that_have_one_branch_are_told_apart_by_their_call_ids() -> None:
    """Against §8.1.1.7, as scripts with a fixed branch do: each is answered, and each ACK finds its own."""
    server = Server()
    first, second = request("INVITE"), request("INVITE", call_id="c2")
    one, other = server.incoming(first), server.incoming(second)
    assert statuses(server.respond(one, first, 486)) == [486]
    assert statuses(server.receive(request("CANCEL", call_id="c2"), 0.1)) == [200]
    assert statuses(server.respond(other, second, 487, 0.2)) == [487]
    assert server.receive(request("ACK", to_tag="b"), 0.3) == [] and server.side.live == 1
    assert server.receive(request("ACK", call_id="c2", to_tag="b"), 0.3) == [] and server.side.live == 0
    third = request("INVITE", call_id="c3")
    server.respond(server.incoming(third, 0.4), third, 200, 0.4)
    server.run_out(0.4)


@pytest.mark.parametrize("status", [200, 486])
def test_a_library_that_begins_alike_at_each_start_is_served_again(status: int) -> None:
    """Branch, Call-ID and CSeq of rfcvoip 2.10 are counted from 1; the From tag alone is another one."""
    server = Server()
    first, again = request("INVITE"), request("INVITE", from_tag="z")
    server.respond(server.incoming(first), first, status)
    server.receive(request("ACK", to_tag="b"), 0.1)
    key = server.incoming(again, 2.0)
    assert statuses(server.respond(key, again, 200, 2.1)) == [200]
    assert server.receive(request("INVITE", from_tag="z"), 2.2) == [], "a copy"
    options, later = request("OPTIONS"), request("OPTIONS", from_tag="z")
    server.respond(server.incoming(options, 3.0), options, 404, 3.0)
    server.incoming(later, 4.0)
    server.run_out(40.0)


def test_a_registration_may_keep_its_branch_for_the_second_round() -> None:
    """Against §8.1.1.7: the answer to the first would be a challenge for ever."""
    server = Server()
    first, second = request("REGISTER"), request("REGISTER", cseq=2)
    server.respond(server.incoming(first), first, 401)
    key = server.incoming(second, 0.1)
    assert statuses(server.respond(key, second, 200, 0.1)) == [200]
    assert statuses(server.receive(request("REGISTER", cseq=2), 0.5)) == [200]
    server.run_out(0.5)


def test_a_refusal_that_is_never_acknowledged_is_told() -> None:
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    server.respond(key, invite, 486)
    server.side.handle_timer(32.0)
    assert Unacknowledged(key) in server.drain()
    server.run_out(32.0)


def test_after_a_2xx_copies_are_absorbed_and_acks_go_up() -> None:
    """RFC 6026 §7.1."""
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    assert statuses(server.respond(key, invite, 200)) == [200]
    assert server.receive(request("INVITE"), 0.5) == []
    assert statuses(server.respond(key, invite, 200, 0.5)) == [200]
    assert server.respond(key, invite, 486, 0.5) == []
    for branch, named in (("z9hG4bK1", key), ("z9hG4bKown", None)):
        ack = request("ACK", branch=branch, to_tag="b")
        assert server.receive(ack, 0.6) == [Incoming(ack, PEER, named)]
    server.run_out(0.6)


def test_a_reinvite_that_keeps_the_branch_of_the_invite_is_no_copy_of_it() -> None:
    """Against RFC 3261 §8.1.1.7, as scripts with a fixed branch do: silence would hang the call for 32 s."""
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    server.respond(key, invite, 200)
    again = request("INVITE", cseq=2, to_tag="b")
    assert server.receive(again, 1.0) == [Incoming(again, PEER, key)]
    assert statuses(server.respond(key, again, 200, 1.1)) == [200]
    assert server.receive(request("INVITE", cseq=2, to_tag="b"), 1.2) == []
    server.run_out(1.2)


def test_a_2xx_is_sent_again_on_the_connection_of_its_invite() -> None:
    server = Server()
    invite = request("INVITE", transport="TCP")
    key = server.incoming(invite, flow=STREAM)
    for now in (0.0, 0.5):
        (sent,) = server.respond(key, invite, 200, now)
        assert isinstance(sent, Send) and sent.flow == STREAM


def test_where_that_is_gone_each_2xx_knows_where_its_caller_listens() -> None:
    """RFC 3261 §18.2.2."""
    server = Server()
    invite = request("INVITE", transport="TCP", sent_by="192.0.2.1:5070")
    key = server.incoming(invite, flow=STREAM)
    for now in (0.0, 0.5):
        (sent,) = server.respond(key, invite, 200, now)
        assert isinstance(sent, Send) and sent.flow.listens == 5070


def test_a_cancel_is_answered_here_and_told_once() -> None:
    """§9.2."""
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    server.respond(key, invite, 180)
    cancel = request("CANCEL")
    sent, told = server.receive(cancel, 1.0)
    assert told == Cancelled(key, cancel)
    assert isinstance(sent, Send)
    answer = parsed_response(sent.data)
    assert (answer.status, str(answer.cseq), answer.to.tag) == (200, "1 CANCEL", "b")
    assert server.receive(request("CANCEL"), 1.5) == [sent]
    assert statuses(server.respond(key, invite, 487, 1.6)) == [487]
    server.run_out(1.6)


def test_a_refusal_has_the_tag_that_its_cancel_was_answered_with() -> None:
    """§9.2: the To tags of both should be the same, though only 100 had been sent."""
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    server.respond(key, invite, 100)
    sent, _ = server.receive(request("CANCEL"), 1.0)
    (refused,) = server.respond(key, invite, 487, 1.1)
    assert isinstance(sent, Send) and isinstance(refused, Send)
    tag = parsed_response(refused.data).to.tag
    assert tag and tag == parsed_response(sent.data).to.tag
    assert server.receive(request("CANCEL"), 1.5) == [sent]
    server.run_out(1.5)


def test_a_cancel_after_the_final_response_has_no_effect() -> None:
    """§9.2: it is answered 200 all the same."""
    for status in (200, 486):
        server = Server()
        invite = request("INVITE")
        server.respond(server.incoming(invite), invite, status)
        effects = server.receive(request("CANCEL"), 1.0)
        assert statuses(effects) == [200] and len(effects) == 1


def test_a_cancel_of_nothing_gets_481() -> None:
    server = Server()
    (sent,) = server.receive(request("CANCEL"))
    assert statuses([sent]) == [481]
    assert isinstance(sent, Send) and parsed_response(sent.data).to.tag
    server.run_out(0.0)


def test_an_rfc_2543_call_is_matched_without_the_magic_cookie() -> None:
    """§17.2.3."""
    server = Server()
    invite = request("INVITE", branch="1")
    key = server.incoming(invite)
    assert server.receive(request("INVITE", branch="1"), 0.1) == []
    effects = server.receive(request("CANCEL", branch="1"), 0.2)
    assert any(isinstance(effect, Cancelled) and effect.key == key for effect in effects)
    server.respond(key, invite, 487, 0.3)
    assert server.receive(request("ACK", branch="1", to_tag="b"), 0.4) == []
    assert server.side.live == 0


def test_the_same_invite_by_another_path_is_merged() -> None:
    """§8.2.2.2: 482, while the first one is going on or was answered 2xx."""
    server = Server()
    invite = request("INVITE")
    key = server.incoming(invite)
    assert statuses(server.receive(request("INVITE", branch="z9hG4bK2"))) == [482]
    server.respond(key, invite, 200)
    (again,) = server.receive(request("INVITE", branch="z9hG4bK2"), 1.0)
    assert isinstance(again, Send) and again.key is None
    assert parsed_response(again.data).status == 482 and parsed_response(again.data).to.tag
    server.run_out(1.0)
    server.incoming(request("INVITE", branch="z9hG4bK3"), 300.0)


def test_after_a_refusal_the_same_invite_may_come_by_another_path() -> None:
    """Carriers try the next route with the same Call-ID and CSeq."""
    server = Server()
    invite = request("INVITE")
    server.respond(server.incoming(invite), invite, 503)
    server.incoming(request("INVITE", branch="z9hG4bK2"), 0.1)


def test_a_reinvite_is_never_merged() -> None:
    server = Server()
    server.incoming(request("INVITE", to_tag="b"))
    server.incoming(request("INVITE", to_tag="b", branch="z9hG4bK2"))


def test_at_the_limit_new_requests_get_503() -> None:
    server = Server(limit=4)
    for index in range(4):
        server.incoming(request("OPTIONS", branch=f"z9hG4bKo{index}"))
    for method in ("OPTIONS", "INVITE"):
        (sent,) = server.receive(request(method, branch="z9hG4bKnew"))
        assert isinstance(sent, Send) and sent.key is None
        refusal = parsed_response(sent.data)
        assert (refusal.status, refusal.headers.get("Retry-After")) == (503, "5") and refusal.to.tag
    assert len(server.side) == 4


def test_at_the_limit_what_ends_calls_is_served_up_to_a_quarter_more() -> None:
    server = Server(limit=4)
    for index in range(4):
        server.incoming(request("OPTIONS", branch=f"z9hG4bKo{index}"))
    ack = request("ACK", branch="z9hG4bKack", to_tag="b")
    assert server.receive(ack) == [Incoming(ack, PEER, None)]
    assert statuses(server.receive(request("CANCEL", branch="z9hG4bKc"))) == [481]
    assert statuses(server.receive(request("BYE", branch="z9hG4bKstray"))) == [503]
    server.incoming(request("BYE", branch="z9hG4bKb1", to_tag="b"))
    assert statuses(server.receive(request("BYE", branch="z9hG4bKb2", to_tag="b"))) == [503]


def test_finished_ones_do_not_count_against_the_limit() -> None:
    server = Server(limit=4)
    for index in range(40):
        message = request("REGISTER", branch=f"z9hG4bKr{index}")
        server.respond(server.incoming(message), message, 401)
    assert server.side.live == 0 and len(server.side) == 4


def test_half_a_request_is_refused_without_a_transaction() -> None:
    """§8.2.7: each copy gets the same To tag, so that the answers are one."""
    data = text_of("OPTIONS").replace(b"Max-Forwards: 70", b"Max-Forwards: x").replace(b"z9hG4bK1", b"1")
    server = Server()
    for _ in range(2):
        error = parse_message(data)
        assert isinstance(error, ParseError) and error.request is not None
        server.side.refuse(error.request, PEER, error.status, ())
    first, second = server.drain()
    assert first == second and statuses([first]) == [400] and len(server.side) == 0

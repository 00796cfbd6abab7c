"""Two transaction layers joined by a bad wire; then the bounds of one (RFC 3261 §17)."""

import gc
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.sip.build import response_to
from edge.sip.effect import Answer, Cancelled, ClientKey, Effect, EndReason, Failed, Incoming, Send, ServerKey
from edge.sip.flow import Flow, Transport
from edge.sip.message import Message, Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.layer import TransactionLayer
from tests.support.clock import Alarm, HandClock
from tests.support.transaction import PEER, parsed, request
from tests.support.wire import LossyWire

ALICE = Flow(Transport.UDP, ("192.0.2.1", 5060))
BOB = Flow(Transport.UDP, ("192.0.2.2", 5060))
User = Callable[["Peer", Effect], None]


def layer_at(address: str, limit: int = 1_000) -> TransactionLayer:
    branch = count(1)
    return TransactionLayer(
        TimerValues(), lambda: f"z9hG4bK{address}-{next(branch)}", lambda _: f"{address}:5060", limit
    )


class Peer:
    """A layer, the clock that wakes it, and a user who is told everything but `Send`."""

    def __init__(self, clock: HandClock, wire: LossyWire, at: Flow, user: User) -> None:
        self.layer = layer_at(at.remote[0])
        self.clock = clock
        self.heard: list[Effect] = []
        self.other: Peer | None = None
        self._at = at
        self._wire = wire
        self._user = user
        self._alarm: Alarm | None = None

    def settle(self) -> None:
        while effects := self.layer.take_effects():
            for effect in effects:
                if isinstance(effect, Send):
                    assert self.other is not None
                    self._wire.carry(effect.data, self.other.receive)
                else:
                    self.heard.append(effect)
                    self._user(self, effect)
        if self._alarm is not None:
            self._alarm.cancel()
        at = self.layer.next_timer_at()
        self._alarm = None if at is None else self.clock.call_at(at, self._wake)

    def receive(self, data: bytes) -> None:
        assert self.other is not None
        message = parsed(data)
        if isinstance(message, Request):
            self.layer.receive_request(message, self.other._at, self.clock.time())
        else:
            self.layer.receive_response(message, self.other._at, self.clock.time())
        self.settle()

    def _wake(self) -> None:
        self.layer.handle_timer(self.clock.time())
        self.settle()


def join(seed: int, alice: User, bob: User, *, loss: float) -> tuple[HandClock, Peer, Peer]:
    clock = HandClock()
    wire = LossyWire(clock, seed, loss=loss, duplication=0.1, delay=(0.001, 0.9))
    ends = Peer(clock, wire, ALICE, alice), Peer(clock, wire, BOB, bob)
    ends[0].other, ends[1].other = ends[1], ends[0]
    return clock, *ends


def answerer(statuses: tuple[int, ...]) -> User:
    """Answers an INVITE by 180 and a second later by the next of `statuses`, others by 200 at once."""
    turn = count()

    def user(peer: Peer, effect: Effect) -> None:
        if isinstance(effect, Cancelled):
            peer.layer.respond(effect.key, response_to(effect.request, 487, to_tag="b"), peer.clock.time())
        if not isinstance(effect, Incoming) or effect.key is None:
            return
        key, asked = effect.key, effect.request
        if asked.method != "INVITE":
            peer.layer.respond(key, response_to(asked, 200, to_tag="b"), peer.clock.time())
            return
        final = response_to(asked, statuses[next(turn) % len(statuses)], to_tag="b")
        peer.layer.respond(key, response_to(asked, 180, to_tag="b"), peer.clock.time())

        def answer(interval: float) -> None:
            peer.layer.respond(key, final, peer.clock.time())
            peer.settle()
            if final.status < 300 and interval < 32.0:
                peer.clock.call_at(peer.clock.time() + interval, lambda: answer(2 * interval))

        peer.clock.call_at(peer.clock.time() + 1.0, lambda: answer(0.5))

    return user


def listener(peer: Peer, effect: Effect) -> None:
    """Acknowledges a 2xx to INVITE."""
    if (
        isinstance(effect, Answer)
        and effect.response.cseq.method == "INVITE"
        and effect.response.status // 100 == 2
    ):
        ack = request("ACK", to_tag="b", call_id=effect.response.call_id)
        ack.headers.remove("Via")
        peer.layer.send_ack(ack, BOB, peer.clock.time())


def ask(peer: Peer, method: str, number: int) -> ClientKey:
    message = request(method, call_id=f"call{number}")
    message.headers.remove("Via")
    key = peer.layer.request(message, BOB, peer.clock.time())
    peer.settle()
    return key


@pytest.mark.parametrize("seed", range(5))
def test_under_20_percent_loss_every_transaction_ends_and_nothing_is_left(seed: int) -> None:
    clock, alice, bob = join(seed, listener, answerer((200, 486, 302)), loss=0.2)
    keys: list[ClientKey] = []
    for number in range(60):
        keys.append(ask(alice, ("INVITE", "OPTIONS", "REGISTER")[number % 3], number))
        clock.advance(0.05)
    clock.advance(200.0)
    finals = {
        effect.key: effect.response.status
        for effect in alice.heard
        if isinstance(effect, Answer) and effect.response.status >= 200
    }
    failed = {effect.key for effect in alice.heard if isinstance(effect, Failed)}
    assert set(keys) == finals.keys() | failed and not finals.keys() & failed
    assert len(finals) >= 57  # what UDP can lose eleven times in a row is lost
    assert {200, 486, 302} == set(finals.values())
    for peer in (alice, bob):
        assert len(peer.layer) == 0 and peer.layer.live == 0 and peer.layer.next_timer_at() is None


@pytest.mark.parametrize("seed", range(5))
def test_a_request_goes_up_once_however_often_it_comes(seed: int) -> None:
    clock, alice, bob = join(seed, listener, answerer((486,)), loss=0.2)
    for number in range(40):
        ask(alice, ("INVITE", "MESSAGE")[number % 2], number)
    clock.advance(200.0)
    keys = [effect.key for effect in bob.heard if isinstance(effect, Incoming) and effect.key is not None]
    assert len(keys) == len(set(keys)) and len(keys) >= 38


@pytest.mark.parametrize("seed", range(5))
def test_a_cancelled_invite_ends_on_both_sides(seed: int) -> None:
    clock, alice, bob = join(seed, listener, answerer((200,)), loss=0.2)
    keys = []
    for number in range(30):
        keys.append(ask(alice, "INVITE", number))
        clock.advance(0.3)
        alice.layer.cancel(keys[-1], clock.time())
        alice.settle()
    clock.advance(300.0)
    ended = {
        effect.key
        for effect in alice.heard
        if isinstance(effect, Failed) or (isinstance(effect, Answer) and effect.response.status >= 200)
    }
    assert ended == set(keys)
    assert any(isinstance(effect, Cancelled) for effect in bob.heard)
    assert len(alice.layer) == len(bob.layer) == 0


def test_a_dead_wire_ends_in_a_timeout() -> None:
    clock, alice, bob = join(1, listener, answerer((200,)), loss=1.0)
    keys = [ask(alice, "INVITE", 1), ask(alice, "OPTIONS", 2)]
    clock.advance(100.0)
    assert alice.heard == [Failed(key, EndReason.TIMEOUT) for key in keys]
    assert bob.heard == [] and len(alice.layer) == 0


def test_a_refusal_without_a_transaction_leaves_nothing() -> None:
    """§8.2.7: also after a fault of the message, which the reason phrase may name."""
    layer = layer_at("192.0.2.2")
    layer.refuse(request("OPTIONS", sent_by="10.0.0.1"), PEER, 400, (("Warning", "399 x y"),), "Bad Contact")
    (sent,) = layer.take_effects()
    assert isinstance(sent, Send) and sent.key is None and sent.flow == PEER
    response = parsed(sent.data)
    assert isinstance(response, Response) and response.reason == "Bad Contact"
    assert response.via.received == "192.0.2.1" and response.headers.get("Warning") == "399 x y"
    assert len(layer) == 0 and layer.next_timer_at() is None


def messages_alive() -> int:
    gc.collect()
    return sum(isinstance(thing, Message) for thing in gc.get_objects())


def test_what_is_finished_keeps_no_message_alive() -> None:
    """design.md §3, garbage: what stays for 32 s is bytes."""
    layer = layer_at("192.0.2.2")
    before = messages_alive()
    for index, (method, status) in enumerate((("REGISTER", 401), ("INVITE", 200), ("INVITE", 486))):
        message = request(method, branch=f"z9hG4bK{index}", call_id=f"c{index}")
        layer.receive_request(message, PEER, 0.0)
        (effect,) = layer.take_effects()
        assert isinstance(effect, Incoming) and effect.key is not None
        layer.respond(effect.key, response_to(message, status, to_tag="b"), 0.0)
        ack = request("ACK", branch=f"z9hG4bK{index}", call_id=f"c{index}", to_tag="b")
        layer.receive_request(ack, PEER, 0.1)
        key = layer.request(message, PEER, 0.0)
        answered = parsed(next(e.data for e in layer.take_effects() if isinstance(e, Send) and e.key == key))
        assert isinstance(answered, Request)
        layer.receive_response(response_to(answered, status, to_tag="b"), PEER, 0.1)
        layer.take_effects()
    del message, effect, answered, ack
    assert messages_alive() == before
    assert len(layer) == 5 and layer.live == 0
    layer.handle_timer(33.0)
    assert len(layer) == 0 and layer.next_timer_at() is None


class Storm(RuleBasedStateMachine):
    """Any order of messages, answers and time: no exception, the bounds hold, and all of it ends."""

    LIMIT = 6
    METHODS = st.sampled_from(("INVITE", "ACK", "CANCEL", "OPTIONS", "BYE"))
    BRANCHES = st.sampled_from(("z9hG4bK1", "z9hG4bK2", "z9hG4bK3", "1", "2"))

    @initialize()
    def begin(self) -> None:
        self.layer = layer_at("192.0.2.2", self.LIMIT)
        self.now = 0.0
        self.asked: dict[ServerKey, Request] = {}
        self.sent: dict[ClientKey, Request] = {}
        self.final: set[ClientKey] = set()

    @rule(method=METHODS, branch=BRANCHES, in_dialog=st.booleans(), cseq=st.integers(1, 2))
    def a_request_comes(self, method: str, branch: str, in_dialog: bool, cseq: int) -> None:
        message = request(method, branch=branch, to_tag="b" if in_dialog else "", cseq=cseq)
        self.layer.receive_request(message, PEER, self.now)

    @rule(status=st.sampled_from((100, 180, 200, 404)), which=st.integers(0, 20))
    def the_user_answers(self, status: int, which: int) -> None:
        if self.asked:
            key = list(self.asked)[which % len(self.asked)]
            self.layer.respond(key, response_to(self.asked[key], status, to_tag="b"), self.now)

    @rule(method=st.sampled_from(("INVITE", "OPTIONS")))
    def the_user_asks(self, method: str) -> None:
        if len(self.sent) < 20:
            message = request(method)
            message.headers.remove("Via")
            self.layer.request(message, PEER, self.now)

    @rule(status=st.sampled_from((100, 180, 200, 404)), which=st.integers(0, 20))
    def a_response_comes(self, status: int, which: int) -> None:
        if self.sent:
            message = list(self.sent.values())[which % len(self.sent)]
            self.layer.receive_response(response_to(message, status, to_tag="b"), PEER, self.now)

    @rule(which=st.integers(0, 20))
    def the_user_cancels(self, which: int) -> None:
        if self.sent:
            self.layer.cancel(list(self.sent)[which % len(self.sent)], self.now)

    @rule()
    def the_peer_is_unreachable(self) -> None:
        self.layer.unreachable(PEER, self.now)

    @rule(seconds=st.sampled_from((0.1, 0.5, 5.0, 40.0)))
    def time_passes(self, seconds: float) -> None:
        self.run_to(self.now + seconds)

    @invariant()
    def effects_make_sense(self) -> None:
        for effect in self.layer.take_effects():
            match effect:
                case Send(data, _, key):
                    message = parsed(data)
                    if isinstance(message, Request) and key is not None and message.method != "ACK":
                        self.sent.setdefault(ClientKey(key), message)
                case Incoming(message, _, server_key):
                    if message.method == "ACK":
                        assert server_key is None or server_key in self.asked  # of its INVITE
                    else:
                        assert server_key is not None
                        self.asked[server_key] = message
                case Cancelled(server_key, _):
                    assert server_key in self.asked
                case Failed(client_key, _):
                    assert client_key not in self.final
                    self.final.add(client_key)
                case Answer(client_key, response):
                    self.check_answer(client_key, response)

    def check_answer(self, key: ClientKey, response: Response) -> None:
        if response.status >= 200:
            assert key not in self.final or response.status < 300
            self.final.add(key)
        else:
            assert key not in self.final

    def run_to(self, until: float) -> None:
        while (at := self.layer.next_timer_at()) is not None and at <= until:
            assert at >= self.now
            self.now = at
            self.layer.handle_timer(at)
            after = self.layer.next_timer_at()
            assert after is None or after > at
            self.effects_make_sense()
        self.now = until

    def teardown(self) -> None:
        if not hasattr(self, "layer"):
            return
        self.effects_make_sense()
        for key, message in self.asked.items():
            self.layer.respond(key, response_to(message, 404, to_tag="b"), self.now)
        self.layer.unreachable(PEER, self.now)
        self.effects_make_sense()
        self.run_to(self.now + 200.0)
        assert len(self.layer) == 0 and self.layer.live == 0 and self.layer.next_timer_at() is None
        assert {key for key in self.sent if not key.endswith(" CANCEL")} == self.final


Storm.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestStorm = Storm.TestCase

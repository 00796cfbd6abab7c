"""INVITE client transaction on a hand-turned clock (RFC 3261 §17.1.1, §9.1, RFC 6026 §7.2)."""

from edge.sip.build import response_to
from edge.sip.effect import Answer, ClientKey, Effect, EndReason, Failed, Send
from edge.sip.flow import Flow
from edge.sip.message import Response
from edge.sip.timer import Timer, TimerValues
from edge.sip.transaction.client_invite import TABLE, ClientInvite, Do, Input, State
from edge.sip.transaction.hop_by_hop import cancel_of
from tests.support.transaction import PEER, STREAM, parsed_request, request

KEY = ClientKey("z9hG4bK1 INVITE")
INVITE = request("INVITE")


def response(status: int) -> Response:
    return response_to(INVITE, status, to_tag="b")


def start(flow: Flow = PEER) -> tuple[ClientInvite, list[Effect]]:
    effects: list[Effect] = []
    machine = ClientInvite(KEY, INVITE, flow, TimerValues(), effects, 0.0)
    assert effects == [Send(INVITE.wire(), flow, KEY)]
    effects.clear()
    return machine, effects


def drained(effects: list[Effect]) -> list[Effect]:
    taken = effects[:]
    effects.clear()
    return taken


def test_retransmits_at_doubling_intervals_until_timer_b() -> None:
    """§17.1.1.2: sends at 0, T1, 3 T1, 7 T1 ... and gives up at 64 T1."""
    machine, effects = start()
    sent_at = [0.0]
    last: list[Effect] = []
    while (now := machine.next_timer_at()) is not None:
        machine.handle_timer(now)
        last = drained(effects)
        if last == [Send(INVITE.wire(), PEER, KEY)]:
            sent_at.append(now)
    assert sent_at == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert last == [Failed(KEY, EndReason.TIMEOUT)]
    assert machine.state is State.TERMINATED


def test_a_retransmission_is_the_very_same_bytes() -> None:
    machine, effects = start()
    machine.handle_timer(0.5)
    (sent,) = effects
    assert isinstance(sent, Send) and sent.data is INVITE.wire()


def test_a_reliable_transport_never_retransmits() -> None:
    machine, _ = start(STREAM)
    assert machine.next_timer_at() == 32.0  # timer B alone


def test_a_provisional_response_stops_retransmission_and_the_timeout() -> None:
    """§17.1.1.2: in Proceeding the INVITE waits as long as the user likes."""
    machine, effects = start()
    ringing = response(180)
    machine.receive_response(ringing, 0.1)
    assert drained(effects) == [Answer(KEY, ringing)]
    assert machine.next_timer_at() is None and machine.state is State.PROCEEDING


def test_a_failure_is_acknowledged_once_per_copy_and_passed_up_once() -> None:
    machine, effects = start()
    busy = response(486)
    machine.receive_response(busy, 0.1)
    acknowledged, passed = drained(effects)
    assert passed == Answer(KEY, busy)
    assert isinstance(acknowledged, Send)
    machine.receive_response(response(486), 0.6)
    assert drained(effects) == [acknowledged]
    machine.handle_timer(32.1)
    assert drained(effects) == [] and machine.state is State.TERMINATED


def test_the_ack_of_a_failure_has_the_invites_via_and_the_responses_to() -> None:
    """§17.1.1.3."""
    machine, effects = start()
    machine.receive_response(response(486), 0.1)
    (sent, _) = effects
    assert isinstance(sent, Send)
    ack = parsed_request(sent.data)
    assert (ack.method, ack.uri, ack.branch) == ("ACK", INVITE.uri, INVITE.branch)
    assert (str(ack.cseq), ack.to.tag, ack.from_.tag) == ("1 ACK", "b", "a")


def test_every_2xx_is_passed_up_and_none_is_acknowledged_here() -> None:
    """RFC 6026 §7.2."""
    machine, effects = start()
    for now in (0.1, 0.2):
        ok = response(200)
        machine.receive_response(ok, now)
        assert drained(effects) == [Answer(KEY, ok)]
    assert machine.state is State.ACCEPTED and machine.next_timer_at() == 32.1
    machine.receive_response(response(486), 0.3)
    assert effects == []


def test_an_unreachable_peer_ends_it_in_every_state_before_the_final_response() -> None:
    for status in (None, 180):
        machine, effects = start()
        if status:
            machine.receive_response(response(status), 0.1)
        effects.clear()
        machine.transport_failed(0.2)
        assert drained(effects) == [Failed(KEY, EndReason.UNREACHABLE)]
        assert machine.state is State.TERMINATED and machine.next_timer_at() is None


def test_cancel_waits_for_a_provisional_response() -> None:
    """§9.1: if no provisional response has been received, the CANCEL MUST NOT be sent."""
    machine, effects = start()
    cancel = cancel_of(INVITE, ())
    machine.withdraw(cancel, 0.1)
    assert machine.take_cancel() is None and machine.state is State.WITHDRAWN
    machine.handle_timer(0.5)
    assert drained(effects) == [Send(INVITE.wire(), PEER, KEY)]
    machine.receive_response(response(100), 0.6)
    assert machine.take_cancel() is cancel and machine.take_cancel() is None
    assert machine.state is State.CANCELLING


def test_after_cancel_the_final_response_is_awaited_for_64_t1() -> None:
    """§9.1: 64·T1 after the CANCEL the client gives up, since the peer may be RFC 2543."""
    machine, effects = start()
    machine.receive_response(response(180), 0.1)
    machine.withdraw(cancel_of(INVITE, ()), 10.0)
    assert machine.take_cancel() is not None
    machine.withdraw(cancel_of(INVITE, ()), 11.0)
    assert machine.take_cancel() is None
    assert machine.next_timer_at() == 42.0
    effects.clear()
    machine.handle_timer(42.0)
    assert effects == [Failed(KEY, EndReason.TIMEOUT)]


def test_a_final_response_beats_the_cancel() -> None:
    for status, state in ((200, State.ACCEPTED), (487, State.COMPLETED)):
        machine, effects = start()
        machine.withdraw(cancel_of(INVITE, ()), 0.1)
        final = response(status)
        machine.receive_response(final, 0.2)
        assert machine.state is state and Answer(KEY, final) in effects
        assert machine.take_cancel() is None


def test_every_timer_that_a_row_starts_is_handled_where_it_leads() -> None:
    started = {Do.START_D: Timer.D, Do.START_M: Timer.M, Do.START_CANCELLED: Timer.CANCELLED}
    assert set(TABLE) == set(State)
    assert {Timer.A, Timer.B} <= TABLE[State.CALLING].keys() & TABLE[State.WITHDRAWN].keys()
    for rows in TABLE.values():
        for symbol, (target, actions) in rows.items():
            assert isinstance(symbol, (Input, Timer))
            for action in actions:
                if action in started:
                    assert started[action] in TABLE[target]

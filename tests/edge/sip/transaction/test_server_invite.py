"""INVITE server transaction on a hand-turned clock (RFC 3261 §17.2.1, RFC 6026 §7.1)."""

from edge.sip.build import response_to
from edge.sip.effect import Effect, Incoming, Send, ServerKey, Unacknowledged
from edge.sip.flow import Flow
from edge.sip.message import Response
from edge.sip.timer import Timer, TimerValues
from edge.sip.transaction.server_invite import TABLE, Do, ServerInvite, State
from tests.support.transaction import PEER, STREAM, parsed_response, request

KEY = ServerKey("1 INVITE")
INVITE = request("INVITE")
ACK = Incoming(request("ACK", to_tag="b"), PEER, None)


def response(status: int) -> Response:
    return response_to(INVITE, status, to_tag="b")


def start(flow: Flow = PEER) -> tuple[ServerInvite, list[Effect]]:
    effects: list[Effect] = []
    return ServerInvite(KEY, INVITE, flow, TimerValues(), effects, 0.0), effects


def statuses(effects: list[Effect]) -> list[int]:
    found = [parsed_response(effect.data).status for effect in effects if isinstance(effect, Send)]
    assert len(found) == len(effects)
    effects.clear()
    return found


def test_100_is_sent_for_a_user_that_takes_longer_than_200_ms() -> None:
    """§17.2.1: unless it knows that the user will answer within 200 ms."""
    machine, effects = start()
    assert effects == [] and machine.next_timer_at() == 0.2
    machine.receive_invite(0.1)
    assert effects == []
    machine.handle_timer(0.2)
    assert statuses(effects) == [100]
    assert machine.next_timer_at() is None
    machine.receive_invite(0.5)
    assert statuses(effects) == [100]


def test_no_100_is_sent_once_the_user_has_answered() -> None:
    machine, effects = start()
    machine.respond(response(180), 0.1)
    assert machine.next_timer_at() is None
    assert statuses(effects) == [180]


def test_a_copy_of_the_invite_gets_the_latest_provisional_response() -> None:
    machine, effects = start()
    for status in (180, 183):
        machine.respond(response(status), 0.1)
    effects.clear()
    machine.receive_invite(0.5)
    assert statuses(effects) == [183]


def test_a_failure_is_sent_again_at_doubling_intervals_up_to_t2_until_timer_h() -> None:
    """§17.2.1: timer G doubles up to T2, timer H is 64·T1."""
    machine, effects = start()
    machine.respond(response(486), 0.0)
    effects.clear()
    sent_at = []
    while (now := machine.next_timer_at()) is not None:
        effects.clear()
        machine.handle_timer(now)
        if isinstance(effects[0], Send):
            sent_at.append(now)
    assert sent_at == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert effects == [Unacknowledged(KEY)] and machine.state is State.TERMINATED


def test_on_a_reliable_transport_a_failure_is_sent_once_and_its_ack_awaited() -> None:
    machine, effects = start(STREAM)
    machine.respond(response(486), 0.0)
    assert statuses(effects) == [486]
    assert machine.next_timer_at() == 32.0  # timer H alone


def test_the_ack_of_a_failure_is_absorbed() -> None:
    machine, effects = start()
    machine.respond(response(486), 0.0)
    effects.clear()
    machine.receive_ack(ACK, 0.1)
    machine.receive_ack(ACK, 0.2)
    machine.receive_invite(0.3)
    assert effects == []
    assert machine.state is State.CONFIRMED and machine.next_timer_at() == 5.1  # timer I is T4
    machine.handle_timer(5.1)
    assert machine.state is State.TERMINATED


def test_a_2xx_is_repeated_by_the_user_only() -> None:
    """RFC 6026 §7.1: copies of the INVITE are absorbed, the 2xx of the user pass, an ACK goes up."""
    machine, effects = start()
    machine.respond(response(200), 0.0)
    assert statuses(effects) == [200]
    machine.receive_invite(0.5)
    assert effects == []
    machine.respond(response(200), 0.5)
    assert statuses(effects) == [200]
    machine.receive_ack(ACK, 0.6)
    assert effects == [ACK]
    assert machine.state is State.ACCEPTED and machine.next_timer_at() == 32.0  # timer L
    machine.handle_timer(32.0)
    assert machine.state is State.TERMINATED


def test_after_the_final_response_another_one_is_dropped() -> None:
    machine, effects = start()
    machine.respond(response(487), 0.0)
    effects.clear()
    for status in (180, 200, 486):
        machine.respond(response(status), 0.1)
    assert effects == []


def test_every_timer_that_a_row_starts_is_handled_where_it_leads() -> None:
    started = {Do.START_G_H: {Timer.G, Timer.H}, Do.START_I: {Timer.I}, Do.START_L: {Timer.L}}
    assert set(TABLE) == set(State)
    for rows in TABLE.values():
        for target, actions in rows.values():
            for action in actions:
                assert started.get(action, set()) <= TABLE[target].keys()

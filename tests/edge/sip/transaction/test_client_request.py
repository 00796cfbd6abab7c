"""Non-INVITE client transaction on a hand-turned clock (RFC 3261 §17.1.2)."""

from edge.sip.build import response_to
from edge.sip.effect import Answer, ClientKey, Effect, EndReason, Failed, Send
from edge.sip.flow import Flow
from edge.sip.timer import Timer, TimerValues
from edge.sip.transaction.client_request import TABLE, ClientRequest, State
from tests.support.transaction import PEER, STREAM, request

KEY = ClientKey("z9hG4bK1 OPTIONS")
OPTIONS = request("OPTIONS")
DATA = OPTIONS.wire()


def start(flow: Flow = PEER, *, quiet: bool = False) -> tuple[ClientRequest, list[Effect]]:
    effects: list[Effect] = []
    machine = ClientRequest(KEY, DATA, flow, TimerValues(), effects, 0.0, quiet=quiet)
    assert effects == [Send(DATA, flow, KEY)]
    effects.clear()
    return machine, effects


def sent_until_the_end(machine: ClientRequest, effects: list[Effect]) -> list[float]:
    sent_at = []
    while (now := machine.next_timer_at()) is not None:
        effects.clear()
        machine.handle_timer(now)
        if effects == [Send(DATA, PEER, KEY)]:
            sent_at.append(now)
    return sent_at


def test_retransmits_at_doubling_intervals_up_to_t2_until_timer_f() -> None:
    """§17.1.2.2: 500 ms, 1 s, 2 s, 4 s, 4 s, 4 s, ... until 64·T1."""
    machine, effects = start()
    assert sent_until_the_end(machine, effects) == [
        0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5,
    ]  # fmt: skip
    assert effects == [Failed(KEY, EndReason.TIMEOUT)]
    assert machine.state is State.TERMINATED


def test_after_a_provisional_response_retransmits_every_t2() -> None:
    """§17.1.2.2: in Proceeding timer E is reset to T2, and timer F runs on."""
    machine, effects = start()
    machine.receive_response(response_to(OPTIONS, 100), 0.1)
    assert machine.state is State.PROCEEDING
    assert sent_until_the_end(machine, effects) == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert effects == [Failed(KEY, EndReason.TIMEOUT)]


def test_a_reliable_transport_never_retransmits() -> None:
    machine, _ = start(STREAM)
    assert machine.next_timer_at() == 32.0  # timer F alone


def test_the_final_response_is_passed_up_once() -> None:
    machine, effects = start()
    ok = response_to(OPTIONS, 200)
    machine.receive_response(ok, 0.1)
    machine.receive_response(response_to(OPTIONS, 200), 0.2)
    assert effects == [Answer(KEY, ok)]
    assert machine.state is State.COMPLETED and machine.next_timer_at() == 5.1  # timer K is T4
    machine.handle_timer(5.1)
    assert machine.state is State.TERMINATED


def test_an_unreachable_peer_ends_it() -> None:
    machine, effects = start()
    machine.transport_failed(0.1)
    machine.transport_failed(0.2)
    assert effects == [Failed(KEY, EndReason.UNREACHABLE)]


def test_of_a_quiet_one_the_user_hears_nothing() -> None:
    """§9.1: what became of a CANCEL is told by the response to its INVITE."""
    machine, effects = start(quiet=True)
    machine.receive_response(response_to(OPTIONS, 200), 0.1)
    assert effects == []
    machine, effects = start(quiet=True)
    machine.transport_failed(0.1)
    assert effects == []


def test_timers_are_handled_in_every_state_that_has_them() -> None:
    assert set(TABLE) == set(State)
    assert {Timer.E, Timer.F} <= TABLE[State.TRYING].keys() & TABLE[State.PROCEEDING].keys()
    assert Timer.K in TABLE[State.COMPLETED]

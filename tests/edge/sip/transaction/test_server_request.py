"""Non-INVITE server transactions: the table, and the tables of keys that run it (RFC 3261 §17.2.2)."""

from hypothesis import given
from hypothesis import strategies as st

from edge.sip.build import response_to
from edge.sip.effect import Effect, Send, ServerKey
from edge.sip.flow import Flow
from edge.sip.timer import Timer, TimerValues
from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.server_request import TABLE, Do, Input, ServerRequests, State
from edge.sip.transaction.wheel import WIDTH
from tests.support.transaction import PEER, STREAM, request

KEY = ServerKey("1 OPTIONS")
OPTIONS = request("OPTIONS")
TRYING = response_to(OPTIONS, 100)
OK = response_to(OPTIONS, 200, to_tag="b")
STEPS = st.lists(st.sampled_from((*Input, Timer.J)), max_size=12)


def start(flow: Flow = PEER, limit: int = 10) -> tuple[ServerRequests, list[Effect]]:
    effects: list[Effect] = []
    requests = ServerRequests(TimerValues(), limit, effects, Deadline())
    requests.open(KEY, flow, 0.0)
    return requests, effects


@given(STEPS)
def test_every_path_through_the_table_is_taken_alike(steps: list[Input | Timer]) -> None:
    """Timer J can only fire where the table lists it: it is tried in COMPLETED alone."""
    requests, effects = start()
    state, last, now = State.TRYING, b"", 0.0
    for step in steps:
        if state is State.TERMINATED or (step is Timer.J and state is not State.COMPLETED):
            continue
        target, actions = TABLE[state].get(step, (state, ()))
        response = {Input.PROVISIONAL: TRYING, Input.FINAL: OK}.get(step)  # type: ignore[call-overload]
        if Do.SEND in actions:
            last = response.wire()
        wanted = [Send(last, PEER, KEY)] if actions and step is not Timer.J else []
        if response is not None:
            requests.respond(KEY, response, now)
        elif step is Input.REQUEST:
            assert requests.absorb(KEY, PEER, OPTIONS)
        else:
            now += 32.0 + WIDTH
            requests.expire(now)
        assert effects == wanted
        effects.clear()
        state = target
        assert (len(requests), requests.live) == {
            State.TRYING: (1, 1), State.PROCEEDING: (1, 1), State.COMPLETED: (1, 0), State.TERMINATED: (0, 0),
        }[state]  # fmt: skip


def test_a_copy_gets_the_very_same_bytes_again_for_64_t1() -> None:
    requests, effects = start()
    requests.respond(KEY, OK, 1.0)
    effects.clear()
    requests.expire(33.0)
    assert requests.absorb(KEY, PEER, OPTIONS)
    (sent,) = effects
    assert isinstance(sent, Send) and sent.data == OK.wire()
    requests.expire(33.0 + WIDTH)
    assert not requests.absorb(KEY, PEER, OPTIONS)
    assert len(requests) == 0 and requests.next_at() is None


def test_the_branch_of_a_request_that_was_answered_may_come_again_for_the_next_one() -> None:
    """Against §8.1.1.7: the CSeq tells it from a copy, and its own answer takes the place of the former."""
    requests, effects = start()
    requests.respond(KEY, OK, 1.0)
    effects.clear()
    second = request("OPTIONS", cseq=2)
    assert not requests.absorb(KEY, PEER, second) and effects == []
    requests.open(KEY, PEER, 1.1)
    answer = response_to(second, 200, to_tag="b")
    requests.respond(KEY, answer, 1.2)
    assert requests.absorb(KEY, PEER, second)
    assert effects[-1] == Send(answer.wire(), PEER, KEY)
    requests.expire(40.0)
    assert len(requests) == 0


def test_on_a_reliable_transport_nothing_is_left_after_the_answer() -> None:
    """§17.2.2: timer J is zero."""
    requests, effects = start(STREAM)
    requests.respond(KEY, OK, 1.0)
    assert effects == [Send(OK.wire(), STREAM, KEY)]
    assert len(requests) == 0 and not requests.absorb(KEY, STREAM, OPTIONS)


def test_a_request_that_nobody_answers_is_forgotten_after_64_t1() -> None:
    """RFC 4320 §4.2: an answer later than that must not be sent."""
    requests, effects = start()
    requests.expire(32.0 + WIDTH)
    requests.respond(KEY, OK, 33.0)
    assert effects == [] and len(requests) == 0


def test_completed_ones_are_bounded() -> None:
    requests, _ = start(limit=5)
    for index in range(50):
        key = ServerKey(f"{index} REGISTER")
        requests.open(key, PEER, 0.0)
        requests.respond(key, OK, 0.0)
    assert len(requests) == 6  # five completed, one trying

"""The two tables (S004-46, S004-48)."""

from edge.acd.state import STATE, STATUS, AgentEvent, State, Status, Turn


def test_who_is_offline_can_only_sign_in_or_out() -> None:
    assert set(STATUS[Status.OFFLINE]) == {AgentEvent.LOGIN, AgentEvent.LOGOUT}
    assert STATUS[Status.OFFLINE][AgentEvent.LOGIN] is not Status.AVAILABLE


def test_every_event_is_listed_for_who_is_signed_in() -> None:
    for status in (Status.ON_BREAK, Status.AVAILABLE):
        assert set(STATUS[status]) == set(AgentEvent)


def test_every_state_has_a_way_out_and_every_way_leads_back_to_waiting() -> None:
    assert set(STATE) == set(State) and all(STATE.values())
    for start in State:
        seen, state = {start}, start
        while state is not State.WAITING:
            state = list(STATE[state].values())[-1] if state is not State.OFFERING else State.IN_CALL
            assert state not in seen or state is State.WAITING
            seen.add(state)
    assert STATE[State.OFFERING][Turn.RELEASED] is State.WAITING

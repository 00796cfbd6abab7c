"""Flows that every account has."""

from edge.flow.builtin import BUILTIN, LEAVE_MESSAGE, LISTEN
from edge.flow.command import Consult, Noop, Play, Record
from edge.flow.machine import begin, step
from edge.flow.scene import Outcome
from tests.support.flow import MONDAY_NOON


def test_a_message_is_left_for_the_user_of_the_target() -> None:
    begun = begin(BUILTIN, LEAVE_MESSAGE, {"mailbox": "1001"}, MONDAY_NOON)
    assert begun is not None and isinstance(begun[1].command, Play)
    state, issued = step(begun[0], Outcome("done"), MONDAY_NOON)
    assert isinstance(issued.command, Record) and issued.command.mailbox == "1001"
    assert state.flow.records


def test_a_user_listens_to_his_own_messages() -> None:
    begun = begin(BUILTIN, LISTEN, {"mailbox": "1002"}, MONDAY_NOON)
    assert begun is not None and begun[1].command == Noop(Consult("1002"))

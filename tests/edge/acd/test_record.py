"""Every change of an agent leaves a line for reports, and what he said is kept (F-S4)."""

from edge.acd.state import State, Status
from edge.acd.terms import QueueTerms
from tests.support.acd import Desk, member

QUEUE = QueueTerms("support", members=(member("1001"),))


def test_a_shift_reads_from_the_log() -> None:
    desk = Desk(QUEUE)
    desk.tell("1001", "login", "available")
    caller = desk.joins("a")
    caller.answered()
    desk.acd.ended(caller.call, desk.now)
    desk.advance(5.0)
    desk.tell("1001", "pause", reason="lunch")
    desk.tell("1001", "logout")
    assert [(row.cause, row.status, row.state) for row in desk.log] == [
        ("login", Status.ON_BREAK, State.WAITING),
        ("available", Status.AVAILABLE, State.WAITING),
        ("offered", Status.AVAILABLE, State.OFFERING),
        ("answered", Status.AVAILABLE, State.IN_CALL),
        ("call_ended", Status.AVAILABLE, State.WRAP_UP),
        ("wrap_up_over", Status.AVAILABLE, State.WAITING),
        ("pause", Status.ON_BREAK, State.WAITING),
        ("logout", Status.OFFLINE, State.WAITING),
    ]
    assert desk.log[-2].reason == "lunch" and desk.log[2].queue == "support" and desk.log[2].call == "a"
    assert [told.status.value for told in desk.kept] == ["on_break", "available", "on_break", "offline"]

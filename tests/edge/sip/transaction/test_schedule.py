"""The heap that wakes live machines."""

from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.schedule import Schedule


class Machine:
    def __init__(self, at: float | None) -> None:
        self.at = at

    def handle_timer(self, now: float) -> None: ...

    def next_timer_at(self) -> float | None:
        return self.at


def test_machines_come_up_in_the_order_of_their_deadlines() -> None:
    schedule: Schedule[Machine] = Schedule(Deadline())
    for key, at in (("b", 2.0), ("a", 1.0), ("c", None)):
        schedule.add(key, Machine(at))
    assert schedule.next_at() == 1.0 and len(schedule) == 3
    assert schedule.pop_due(0.9) is None
    due = schedule.pop_due(5.0)
    assert due is not None and due[0] == "a"
    due = schedule.pop_due(5.0)
    assert due is not None and due[0] == "b"
    assert schedule.pop_due(5.0) is None and schedule.next_at() is None


def test_a_machine_that_changed_its_mind_is_woken_at_the_new_time_only() -> None:
    schedule: Schedule[Machine] = Schedule(Deadline())
    machine = Machine(1.0)
    schedule.add("a", machine)
    machine.at = 3.0
    schedule.settle("a", machine)
    assert schedule.next_at() == 3.0 and schedule.pop_due(2.9) is None
    machine.at = None
    schedule.settle("a", machine)
    assert schedule.next_at() is None and schedule.get("a") is machine


def test_a_dropped_machine_is_gone_at_once() -> None:
    schedule: Schedule[Machine] = Schedule(Deadline())
    schedule.add("a", Machine(1.0))
    schedule.drop("a")
    schedule.drop("a")
    assert len(schedule) == 0 and schedule.next_at() is None and schedule.pop_due(9.0) is None


def test_untrue_entries_do_not_pile_up() -> None:
    schedule: Schedule[Machine] = Schedule(Deadline())
    stays = Machine(1e9)
    schedule.add("stays", stays)
    for index in range(10_000):
        schedule.add(f"k{index}", Machine(1e6 + index))
        schedule.drop(f"k{index}")
    assert len(schedule._heap) < 200
    assert schedule.next_at() == 1e9

"""The timer queue of sessions and calls."""

from hypothesis import given
from hypothesis import strategies as st

from edge.agenda import Agenda


def test_deadlines_fire_in_order_and_once() -> None:
    agenda, fired = Agenda(), list[tuple[str, float]]()
    agenda.at(2.0, lambda now: fired.append(("late", now)))
    agenda.at(1.0, lambda now: fired.append(("early", now)))
    agenda.handle_timer(0.9)
    assert fired == [] and agenda.next_timer_at() == 1.0
    agenda.handle_timer(5.0)
    agenda.handle_timer(6.0)
    assert fired == [("early", 5.0), ("late", 5.0)]
    assert agenda.next_timer_at() is None and len(agenda) == 0


def test_a_cancelled_deadline_neither_fires_nor_counts() -> None:
    agenda, fired = Agenda(), list[float]()
    alarm = agenda.at(1.0, fired.append)
    alarm.cancel()
    alarm.cancel()
    assert len(agenda) == 0 and agenda.next_timer_at() is None
    agenda.handle_timer(2.0)
    assert fired == []


def test_cancelling_after_the_deadline_changes_nothing() -> None:
    agenda = Agenda()
    alarm = agenda.at(1.0, lambda now: None)
    agenda.handle_timer(1.0)
    alarm.cancel()
    assert len(agenda) == 0


def test_a_deadline_may_arm_another_one_that_is_due() -> None:
    agenda, fired = Agenda(), list[str]()
    agenda.at(1.0, lambda now: agenda.at(now, lambda _: fired.append("second")) and None)
    agenda.handle_timer(1.0)
    assert fired == ["second"]


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300))
def test_what_is_not_cancelled_fires_however_much_else_is(entries: list[tuple[float, bool]]) -> None:
    agenda, fired = Agenda(), list[float]()
    for when, cancel in entries:
        alarm = agenda.at(when, lambda now, when=when: fired.append(when))
        if cancel:
            alarm.cancel()
    kept = sorted(when for when, cancel in entries if not cancel)
    assert len(agenda) == len(kept)
    agenda.handle_timer(100.0)
    assert fired == kept and len(agenda) == 0

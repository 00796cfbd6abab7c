"""Armed timers of one transaction."""

from edge.sip.timer import Timer, TimerTable, TimerValues


def test_the_earliest_timer_fires_first_and_once() -> None:
    table = TimerTable()
    table.arm(Timer.B, 32.0)
    table.arm(Timer.A, 0.5)
    assert table.next_at() == 0.5
    assert table.pop_due(0.4) is None
    assert table.pop_due(40.0) is Timer.A
    assert table.pop_due(40.0) is Timer.B
    assert table.pop_due(40.0) is None and table.next_at() is None


def test_arming_again_replaces_the_deadline_and_cancel_removes_it() -> None:
    table = TimerTable()
    table.arm(Timer.A, 0.5)
    table.arm(Timer.A, 1.5)
    assert table.pop_due(1.0) is None
    table.cancel(Timer.A, Timer.B)
    assert table.next_at() is None
    table.arm(Timer.H, 1.0)
    table.clear()
    assert table.next_at() is None


def test_the_values_are_those_of_table_4() -> None:
    """RFC 3261 §17 Table 4: T1 500 ms, T2 4 s, T4 5 s, timer D above 32 s; §17.2.1: 100 after 200 ms."""
    assert TimerValues() == TimerValues(t1=0.5, t2=4.0, t4=5.0, d=32.0, trying=0.2)

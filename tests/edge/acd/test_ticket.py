"""The line."""

from hypothesis import given
from hypothesis import strategies as st

from edge.acd.ticket import Line, Ticket
from edge.journal import CallId
from tests.support.acd import Desk, FakeCaller
from tests.support.directory import ACC


def ticket(number: int, joined: float, priority: int = 0, queue: str = "q") -> Ticket:
    call = CallId(f"c{number}")
    return Ticket(call, ACC, queue, FakeCaller(Desk(), call), joined, number, priority)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_the_most_urgent_stand_first_then_who_came_first(callers: list[tuple[int, int]]) -> None:
    line = Line()
    tickets = [ticket(n, float(joined), priority) for n, (joined, priority) in enumerate(callers)]
    for one in tickets:
        line.add(one)
        line.add(one)
    assert list(line) == sorted(tickets, key=lambda one: (-one.priority, one.joined, one.number))
    assert [line.position(one) for one in line] == list(range(1, len(tickets) + 1))
    for one in tickets[::2]:
        line.remove(one)
        line.remove(one)
        assert one not in line
    assert len(line) == len(tickets) // 2


def test_places_are_counted_in_ones_own_queue() -> None:
    line = Line()
    tickets = [ticket(1, 1.0), ticket(2, 2.0, queue="other"), ticket(3, 3.0)]
    for one in tickets:
        line.add(one)
    assert [line.position(one) for one in tickets] == [1, 1, 2]
    assert (line.count("q"), line.count("other")) == (2, 1)

"""Entries in the order of time: constant life, nothing left of what was popped."""

from hypothesis import given
from hypothesis import strategies as st

from edge.sip.transaction.ageing import Ageing
from edge.sip.transaction.deadline import NEVER, Deadline


def test_an_entry_is_there_for_its_life_and_then_gone() -> None:
    deadline = Deadline()
    table: Ageing[int] = Ageing(32.0, deadline)
    assert table.next_at() is None and deadline.at == NEVER
    table.put("a", 1, 0.0)
    table.put("b", 2, 1.0)
    assert table.next_at() == deadline.at == 32.0
    table.expire(31.9)
    assert table.get("a") == 1 and "a" in table and len(table) == 2
    table.expire(32.0)
    assert table.get("a") is None and "a" not in table
    assert len(table) == 1 and table.next_at() == 33.0


def test_what_is_put_again_begins_anew() -> None:
    table: Ageing[int] = Ageing(32.0, Deadline())
    table.put("a", 1, 0.0)
    table.put("b", 2, 1.0)
    table.put("a", 3, 2.0)
    assert table.next_at() == 33.0
    table.expire(33.0)
    assert table.get("a") == 3 and "b" not in table


def test_of_what_was_popped_nothing_is_left() -> None:
    table: Ageing[int] = Ageing(32.0, Deadline())
    table.put("a", 1, 0.0)
    assert table.pop("a") == 1 and table.pop("a") is None
    assert len(table) == 0 and table.next_at() is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(("put", "pop", "wait"))), max_size=60))
def test_it_holds_what_a_plain_dict_of_deadlines_would(steps: list[tuple[str, str]]) -> None:
    table: Ageing[int] = Ageing(3.0, Deadline())
    due: dict[str, float] = {}
    now = 0.0
    for key, what in steps:
        if what == "put":
            table.put(key, 1, now)
            due[key] = now + 3.0
        elif what == "pop":
            assert (table.pop(key) is None) == (due.pop(key, None) is None)
        else:
            now += 1.0
            table.expire(now)
            due = {key: at for key, at in due.items() if at > now}
        assert {key for key in "abcdef" if key in table} == due.keys()
        assert table.next_at() == min(due.values(), default=None)

"""The moment of the next wake-up."""

from edge.sip.transaction.deadline import NEVER, Deadline


def test_it_is_the_earliest_of_what_it_was_told() -> None:
    deadline = Deadline()
    assert deadline.at == NEVER
    for at in (5.0, 2.0, 3.0):
        deadline.lower(at)
    assert deadline.at == 2.0
